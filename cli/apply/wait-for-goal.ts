import { BerthError } from '../../schemas/errors.ts'
import { inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import type { Goal } from '../plan/plan.ts'
import type { ContainerWatch } from './container-watch.ts'
import { judgeGoal, type Verdict } from './goal.ts'

type Settled = Exclude<Verdict, { readonly kind: 'pending' }>

/**
 * Waits until a container has reached a goal: looks once, then again after each event, never in between. Rejects when it cannot reach it
 * any more, when `signal` aborts (with its reason), and when the event stream breaks.
 */
export function waitForGoal(
  client: EngineClient,
  watch: ContainerWatch,
  name: string,
  goal: Goal,
  signal: AbortSignal | undefined,
): Promise<Settled & { readonly kind: 'reached' }> {
  return new Promise((resolve, reject) => {
    let isLooking = false
    let hasNews = false
    const finish = (settle: () => void): void => {
      stopListening()
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => finish(() => reject(signal?.reason))
    const look = async (): Promise<void> => {
      // An event during a look may be newer than what the look sees: look once more.
      hasNews = true
      if (isLooking) return
      isLooking = true
      while (hasNews) {
        hasNews = false
        try {
          if (watch.broken !== undefined) throw watch.broken
          const verdict = judgeGoal(goal, await inspectContainer(client, name))
          if (verdict.kind === 'reached') return finish(() => resolve(verdict))
          if (verdict.kind === 'failed') throw new BerthError('CONFLICT', failureText(goal, name, verdict.reason))
        } catch (error) {
          return finish(() => reject(error))
        }
      }
      isLooking = false
    }
    const stopListening = watch.listen(name, () => void look())
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort)
    void look()
  })
}

/** `exit 1` and not `exited (1)` where an end was waited for, as Compose has it. */
function failureText(goal: Goal, name: string, reason: string): string {
  return goal === 'completed'
    ? `${reason.replace(/^exited \((\d+)\)/, 'exit $1')}; container ${name}`
    : `container ${name} ${reason}`
}
