import { key } from './keys.ts'
import type { Goal, Op } from './plan.ts'

/** Waits until all of these containers of a service have reached the goal. */
export function waitOp(
  service: string,
  goal: Goal,
  needs: readonly string[],
  containers: readonly string[],
): Op & { readonly kind: 'wait' } {
  return { kind: 'wait', key: key.wait(service, goal), needs, after: [], sign: ' ', why: [], service, goal, containers }
}
