import { type Dag, dependentsOf, waves } from './dag.ts'
import type { GraphLabels } from './labels.ts'

/**
 * For people at a terminal: the waves in which things start, each with what it waits for.
 *
 *     1  db        postgres:16
 *        redis     redis:7
 *     2  api       shop-api      after db (healthy), redis
 */
export function renderText<Node>(dag: Dag<Node>, labels: GraphLabels<Node>): string {
  const rows: string[][] = []
  for (const [index, wave] of waves(dag).entries()) {
    for (const [place, key] of wave.entries()) {
      const node = dag.nodes.get(key)
      const [name = key, ...details] = node === undefined ? [key] : labels.ofNode(key, node)
      rows.push([place === 0 ? String(index + 1) : '', name, details.join(' '), neededText(dag, labels, key)])
    }
  }
  const widths = [0, 1, 2].map(column => Math.max(0, ...rows.map(row => row[column]?.length ?? 0)))
  const lines = rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const ends = [...dependentsOf(dag)].filter(([, dependents]) => dependents.length === 0).map(([key]) => key)
  return `${lines.join('\n')}\n\n${dag.nodes.size} ${dag.nodes.size === 1 ? 'service' : 'services'}, nothing waits for: ${ends.join(', ')}\n`
}

function neededText<Node>(dag: Dag<Node>, labels: GraphLabels<Node>, key: string): string {
  const needs = dag.needs.get(key) ?? []
  if (needs.length === 0) return ''
  const texts = needs.map(need => {
    const label = labels.ofEdge(key, need)
    return label === '' ? need : `${need} (${label})`
  })
  return `after ${texts.join(', ')}`
}
