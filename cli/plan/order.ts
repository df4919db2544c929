import { BerthError } from '../../schemas/errors.ts'
import { createDag, findCycle } from '../graph/dag.ts'
import type { Op } from './plan.ts'

/**
 * The ops so that each comes after those it waits for, and otherwise in the order given, which is the one that people expect. A cycle here
 * is a mistake of ours, never of the user: it is named and thrown.
 */
export function inOrder(ops: readonly Op[]): readonly Op[] {
  const dag = createDag(
    ops.map(op => [op.key, op] as const),
    op => [...op.needs, ...op.after],
  )
  const cycle = findCycle(dag)
  if (cycle !== undefined) throw new BerthError('INTERNAL', `the plan waits for itself: ${cycle.join(' -> ')}`)
  const placed = new Set<string>()
  const ordered: Op[] = []
  // A stack of our own instead of recursion: plans of long chains are deep.
  const pending = ops.map(op => op.key).reverse()
  for (let name = pending.at(-1); name !== undefined; name = pending.at(-1)) {
    const missing = placed.has(name) ? [] : (dag.needs.get(name) ?? []).filter(need => !placed.has(need))
    if (missing.length > 0) {
      pending.push(...missing.reverse())
      continue
    }
    pending.pop()
    const op = dag.nodes.get(name)
    if (op !== undefined && !placed.has(name)) ordered.push(op)
    placed.add(name)
  }
  return ordered
}
