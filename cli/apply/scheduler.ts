import PQueue from 'p-queue'
import { BerthError } from '../../schemas/errors.ts'
import type { Op } from '../plan/plan.ts'
import type { OpResult, Outcome } from './report.ts'

export interface ScheduleOptions {
  /** Does one op. A thrown error is the op's failure and nobody else's. */
  readonly execute: (op: Op) => Promise<void>
  /** How many ops may run at once; ops that only wait hold no slot. */
  readonly parallel: number
  /** Once aborted, ops that run are finished and none is begun. */
  readonly signal?: AbortSignal
  readonly onOutcome?: (op: Op, outcome: Outcome) => void
}

interface Pending {
  readonly op: Op
  /** Ops that have to end first. */
  left: number
  readonly dependents: Pending[]
  outcome: Outcome | undefined
}

/**
 * Runs the ops, each as soon as what it waits for has ended. Completion is not success: an op whose need failed is skipped, with the key of
 * the op that is to blame (and so are its own dependents). Resolves with one result per op, in the order of the plan; never rejects.
 */
export function schedule(ops: readonly Op[], options: ScheduleOptions): Promise<readonly OpResult[]> {
  const pendings = linked(ops)
  const queue = new PQueue({ concurrency: options.parallel })
  return new Promise(resolve => {
    let open = pendings.size
    const end = (pending: Pending, outcome: Outcome): void => {
      pending.outcome = outcome
      options.onOutcome?.(pending.op, outcome)
      open -= 1
      for (const dependent of pending.dependents) {
        dependent.left -= 1
        if (dependent.left === 0) begin(dependent)
      }
      if (open === 0)
        resolve([...pendings.values()].map(({ op, outcome: result }) => ({ op, outcome: result ?? cancelled })))
    }
    const run = async (pending: Pending): Promise<void> => {
      if (options.signal?.aborted === true) return end(pending, cancelled)
      try {
        await options.execute(pending.op)
      } catch (error) {
        return end(pending, { kind: 'failed', error: asBerthError(error) })
      }
      end(pending, { kind: 'done' })
    }
    const begin = (pending: Pending): void => {
      const blame = blameOf(pending.op, pendings)
      if (blame !== undefined) end(pending, { kind: 'skipped', because: blame })
      else if (pending.op.kind === 'wait') void run(pending)
      else void queue.add(() => run(pending))
    }
    if (open === 0) resolve([])
    // A copy: `end` may begin others at once, and they must not be begun twice.
    for (const pending of [...pendings.values()].filter(({ left }) => left === 0)) begin(pending)
  })
}

const cancelled: Outcome = { kind: 'skipped', because: 'cancelled' }

function linked(ops: readonly Op[]): ReadonlyMap<string, Pending> {
  const pendings = new Map(ops.map(op => [op.key, { op, left: 0, dependents: [], outcome: undefined } as Pending]))
  for (const pending of pendings.values()) {
    for (const key of new Set([...pending.op.needs, ...pending.op.after])) {
      const before = pendings.get(key)
      if (before === undefined) continue
      before.dependents.push(pending)
      pending.left += 1
    }
  }
  return pendings
}

/** The op that a skipped one is to be blamed on: where a need was itself skipped, the one behind it. */
function blameOf(op: Op, pendings: ReadonlyMap<string, Pending>): string | undefined {
  for (const key of op.needs) {
    const outcome = pendings.get(key)?.outcome
    if (outcome?.kind === 'failed') return key
    if (outcome?.kind === 'skipped') return outcome.because
  }
  return undefined
}

export function asBerthError(error: unknown): BerthError {
  if (error instanceof BerthError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new BerthError('INTERNAL', message, { cause: error })
}
