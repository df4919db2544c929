import type { OomPolicy } from '../../schemas/api/berth.ts'

/** HostConfig.RestartPolicy with its default filled in. */
export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'on-failure' | 'unless-stopped'
  /** For on-failure; 0 = without end. */
  readonly maxRetries: number
}

export interface RestartDecision {
  readonly restarts: boolean
  readonly delayMs: number
  /** For State.Error when the container is given up. */
  readonly error?: string
  /** New memory limit for the next start. */
  readonly memoryBytes?: number
  readonly oomRestarts?: readonly number[]
}

/** What is known when a container's process has ended. */
export interface ExitFacts {
  readonly exitCode: number
  readonly ranForMs: number
  readonly restartCount: number
  readonly lastDelayMs: number
  readonly isManuallyStopped: boolean
}

const initialDelayMs = 100
const maxDelayMs = 60_000
const calmAfterMs = 10_000

const stays: RestartDecision = { restarts: false, delayMs: 0 }

/** Docker's restart policies with its backoff: 100 ms, doubled to at most a minute, back to 100 ms after a run of 10 s (moby restartmanager). */
export function decideRestart(policy: RestartPolicy, facts: ExitFacts): RestartDecision {
  if (facts.isManuallyStopped || !wantsRestart(policy, facts)) return stays
  const lastDelayMs = facts.ranForMs >= calmAfterMs ? 0 : facts.lastDelayMs
  return { restarts: true, delayMs: lastDelayMs === 0 ? initialDelayMs : Math.min(lastDelayMs * 2, maxDelayMs) }
}

function wantsRestart(policy: RestartPolicy, facts: ExitFacts): boolean {
  switch (policy.name) {
    case 'no':
      return false
    case 'always':
    case 'unless-stopped':
      return true
    case 'on-failure':
      return facts.exitCode !== 0 && hasRetriesLeft(policy, facts.restartCount)
    default:
      return policy.name satisfies never
  }
}

const hasRetriesLeft = (policy: RestartPolicy, restartCount: number): boolean =>
  policy.name !== 'on-failure' || policy.maxRetries === 0 || restartCount < policy.maxRetries

/** Brought up again when the daemon starts after the host did: whoever ran, and `always` even when it was stopped by hand. */
export function restartsAtBoot(
  policy: RestartPolicy,
  state: { readonly wasUp: boolean; readonly isManuallyStopped: boolean },
): boolean {
  switch (policy.name) {
    case 'always':
      return true
    case 'unless-stopped':
      return !state.isManuallyStopped
    case 'on-failure':
      return state.wasUp
    case 'no':
      return false
    default:
      return policy.name satisfies never
  }
}

/** x-oom's defaults: a container that restarts at all restarts after an out-of-memory kill too, as a whole. */
export function defaultOomPolicy(restart: RestartPolicy): OomPolicy {
  return {
    action: restart.name === 'no' ? 'ignore' : 'restart',
    scope: 'container',
    maxRestarts: 5,
    windowMs: 600_000,
    backoff: { initialMs: 100, factor: 2, maxMs: 30_000, resetAfterMs: 60_000 },
  }
}

/** True when the monitor shall kill the whole container as soon as any of its processes is killed for memory. */
export const killsAllOnOom = (policy: OomPolicy): boolean => policy.action !== 'ignore' && policy.scope === 'container'

export interface OomFacts extends ExitFacts {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly oomRestarts: readonly number[]
  /** Bytes; 0 = no limit. */
  readonly memoryBytes: number
  readonly restartPolicy: RestartPolicy
}

export interface OomDecision {
  readonly decision: 'restart' | 'stop' | 'ignore' | 'give-up'
  /** One sentence for people. */
  readonly reason: string
  readonly restart: RestartDecision
}

/** What an exit after an out-of-memory kill leads to. `ignore` hands the exit to the ordinary restart policy. */
export function decideOom(policy: OomPolicy, facts: OomFacts): OomDecision {
  if (facts.isManuallyStopped) return { decision: 'stop', reason: 'the container was being stopped', restart: stays }
  if (policy.action === 'ignore') {
    return { decision: 'ignore', reason: 'x-oom.action is ignore', restart: decideRestart(facts.restartPolicy, facts) }
  }
  if (policy.action === 'stop') {
    const reason = 'out of memory, and x-oom.action is stop'
    return { decision: 'stop', reason, restart: { ...stays, error: reason } }
  }
  const recent = facts.oomRestarts.filter(at => facts.now - at < policy.windowMs)
  if (recent.length >= policy.maxRestarts) {
    return giveUp(`out of memory again after ${recent.length} restarts within ${formatDuration(policy.windowMs)}`)
  }
  if (!hasRetriesLeft(facts.restartPolicy, facts.restartCount)) {
    return giveUp(`out of memory, and on-failure:${facts.restartPolicy.maxRetries} allows no further restart`)
  }
  const delayMs = oomDelay(policy, recent.length, facts.ranForMs)
  const memoryBytes = grownLimit(policy, facts.memoryBytes)
  const grown =
    memoryBytes === undefined ? '' : `, memory limit raised from ${facts.memoryBytes} to ${memoryBytes} bytes`
  return {
    decision: 'restart',
    reason: `restart ${recent.length + 1} of ${policy.maxRestarts} within ${formatDuration(policy.windowMs)}${grown}`,
    restart: {
      restarts: true,
      delayMs,
      oomRestarts: [...recent, facts.now],
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    },
  }
}

const giveUp = (reason: string): OomDecision => ({ decision: 'give-up', reason, restart: { ...stays, error: reason } })

function oomDelay(policy: OomPolicy, restarts: number, ranForMs: number): number {
  const { initialMs, factor, maxMs, resetAfterMs } = policy.backoff
  const exponent = ranForMs >= resetAfterMs ? 0 : restarts
  return Math.round(Math.min(initialMs * factor ** exponent, maxMs))
}

function grownLimit(policy: OomPolicy, memoryBytes: number): number | undefined {
  if (policy.grow === undefined || memoryBytes <= 0) return undefined
  const pageBytes = 4096
  const wanted = Math.min(Math.ceil((memoryBytes * policy.grow.factor) / pageBytes) * pageBytes, policy.grow.limitBytes)
  return wanted > memoryBytes ? wanted : undefined
}

/** `10m`, `90s`, `1.5s`: the largest unit that leaves no remainder. */
function formatDuration(milliseconds: number): string {
  if (milliseconds % 3_600_000 === 0) return `${milliseconds / 3_600_000}h`
  if (milliseconds % 60_000 === 0) return `${milliseconds / 60_000}m`
  return `${milliseconds / 1000}s`
}
