import type { ContainerInspect } from '../../schemas/api/containers.ts'
import type { Goal } from '../plan/plan.ts'

export type Verdict =
  | { readonly kind: 'reached'; readonly isExited: boolean }
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly reason: string }

const reached: Verdict = { kind: 'reached', isExited: false }
const pending: Verdict = { kind: 'pending' }

/** Whether a container has reached a goal, may still, or cannot any more. Pure: the facts of one inspect decide. */
export function judgeGoal(goal: Goal, container: ContainerInspect): Verdict {
  const { State: state } = container
  if (state.Status === 'exited' || state.Status === 'dead') return judgeEnd(goal, container)
  if (isCrashLooping(container)) {
    const { RestartCount } = container
    return {
      kind: 'failed',
      reason: `keeps crashing: restarted ${RestartCount} times, last ${endText(state.ExitCode, state.OOMKilled, state.Error)}`,
    }
  }
  if (goal === 'completed') return pending
  if (state.Status === 'paused') return { kind: 'failed', reason: 'is paused' }
  if (state.Status !== 'running') return pending
  const health = state.Health?.Status ?? 'none'
  if (health === 'unhealthy') return { kind: 'failed', reason: `is unhealthy${lastProbe(container)}` }
  if (health === 'healthy') return reached
  if (goal === 'healthy' && health === 'none')
    return { kind: 'failed', reason: 'has no health check, so it never becomes healthy' }
  return health === 'starting' ? pending : reached
}

/** Restarts after which waiting is given up: with the engine's growing pauses, some seconds of crashing. */
const hopelessRestarts = 5

/**
 * A container that its policy restarts without end never fails by itself, so waiting for it would not end either. One with a number of
 * tries ends, and one that is up without a health check counts as reached.
 */
function isCrashLooping({ State: state, HostConfig, RestartCount }: ContainerInspect): boolean {
  const { Name = '', MaximumRetryCount = 0 } = HostConfig.RestartPolicy ?? {}
  if (RestartCount < hopelessRestarts || (Name === 'on-failure' && MaximumRetryCount > 0)) return false
  return state.Status === 'restarting' || (state.Status === 'running' && state.Health?.Status === 'starting')
}

function judgeEnd(goal: Goal, { State: state, HostConfig }: ContainerInspect): Verdict {
  const failed: Verdict = { kind: 'failed', reason: endText(state.ExitCode, state.OOMKilled, state.Error) }
  if (state.ExitCode !== 0) return failed
  if (goal === 'completed') return { kind: 'reached', isExited: true }
  // With `restart: always` a clean exit is followed by a start: one that stays down was stopped by somebody.
  const policy = HostConfig.RestartPolicy?.Name ?? ''
  const mayEnd = policy === '' || policy === 'no' || policy === 'on-failure'
  return goal === 'ready' && mayEnd ? { kind: 'reached', isExited: true } : failed
}

/** "exited (1)" is what Compose says; scripts look for it. */
export function endText(exitCode: number, isOomKilled: boolean, error: string): string {
  const cause = isOomKilled ? ' (out of memory)' : error === '' ? '' : ` (${error})`
  return `exited (${exitCode})${cause}`
}

function lastProbe({ State: { Health } }: ContainerInspect): string {
  const output = Health?.Log?.at(-1)?.Output.trim().split('\n').at(-1)
  return output === undefined || output === '' ? '' : `: ${output}`
}
