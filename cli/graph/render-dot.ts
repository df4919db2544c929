import type { Dag } from './dag.ts'
import type { GraphLabels } from './labels.ts'

/** Graphviz. Arrows go from a service to what it needs. */
export function renderDot<Node>(dag: Dag<Node>, labels: GraphLabels<Node>): string {
  const lines = ['digraph stack {', '  rankdir=LR;', '  node [shape=box, style=rounded, fontname="sans-serif"];']
  for (const [key, node] of dag.nodes)
    lines.push(`  ${quote(key)} [label=${quote(labels.ofNode(key, node).join('\n'))}];`)
  for (const [key, needs] of dag.needs) {
    for (const need of needs) {
      const label = labels.ofEdge(key, need)
      lines.push(`  ${quote(key)} -> ${quote(need)}${label === '' ? '' : ` [label=${quote(label)}]`};`)
    }
  }
  return `${[...lines, '}'].join('\n')}\n`
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
