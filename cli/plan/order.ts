import { BerthError } from '../../schemas/errors.ts'
import { createDag, findCycle, waves } from '../graph/dag.ts'
import type { Op } from './plan.ts'

/** The ops so that each comes after those it waits for. A cycle here is a mistake of ours, never of the user: it is named and thrown. */
export function inOrder(ops: readonly Op[]): readonly Op[] {
  const dag = createDag(
    ops.map(op => [op.key, op] as const),
    op => [...op.needs, ...op.after],
  )
  const cycle = findCycle(dag)
  if (cycle !== undefined) throw new BerthError('INTERNAL', `the plan waits for itself: ${cycle.join(' -> ')}`)
  return waves(dag).flatMap(wave => wave.flatMap(name => dag.nodes.get(name) ?? []))
}
