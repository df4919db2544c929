import type { Dag } from './dag.ts'
import type { GraphLabels } from './labels.ts'

/** Mermaid flowchart, as GitHub and others draw it in Markdown. Ids are numbers, because names may hold what Mermaid takes as syntax. */
export function renderMermaid<Node>(dag: Dag<Node>, labels: GraphLabels<Node>): string {
  const ids = new Map([...dag.nodes.keys()].map((key, index) => [key, `n${index}`]))
  const lines = ['flowchart LR']
  for (const [key, node] of dag.nodes)
    lines.push(`  ${ids.get(key)}["${labels.ofNode(key, node).map(escapeText).join('<br/>')}"]`)
  for (const [key, needs] of dag.needs) {
    for (const need of needs) {
      const label = labels.ofEdge(key, need)
      lines.push(`  ${ids.get(key)} -->${label === '' ? '' : `|${escapeText(label)}|`} ${ids.get(need)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

const escapeText = (text: string): string => text.replace(/[&<>"|]/g, character => `#${character.charCodeAt(0)};`)
