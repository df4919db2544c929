import type { BerthError } from '../../schemas/errors.ts'
import type { Op } from '../plan/plan.ts'

export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: BerthError }
  /** `because` is the key of the op that failed, or `cancelled`. */
  | { readonly kind: 'skipped'; readonly because: string }

export interface OpResult {
  readonly op: Op
  readonly outcome: Outcome
}

/** A root cause: things that were skipped because of it are not failures of their own. */
export interface Failure {
  /** `container shop-web-1`, or what did not come about: `service web`, `dependency failed to start`. */
  readonly subject: string
  readonly service?: string
  readonly error: BerthError
  /** Last lines of the container's log, when it was a container that crashed. */
  readonly logTail?: readonly string[]
}

/** What a run did. Nothing is thrown for an op that fails: it is in here. */
export interface ApplyReport {
  readonly results: readonly OpResult[]
  readonly failures: readonly Failure[]
  readonly isCancelled: boolean
}
