import { randomBytes } from 'node:crypto'
import type { HealthConfig } from '../../schemas/api/container-create.ts'
import type { HealthcheckResult, HealthStatus } from '../../schemas/api/containers.ts'
import { publish } from './announce.ts'
import { formatTime } from './clock.ts'
import type { Container, HealthRecord } from './container.ts'
import type { ContainerContext } from './context.ts'
import { execCapture } from './exec-capture.ts'

const keptResults = 5
const maxOutputBytes = 4096

/** HEALTHCHECK with Docker's defaults filled in; times in milliseconds. */
export interface HealthPlan {
  readonly args: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly startPeriodMs: number
  readonly startIntervalMs: number
  readonly retries: number
}

const nanosPerMilli = 1_000_000

/** undefined when there is nothing to probe (absent, `NONE`, empty). */
export function healthPlan(config: HealthConfig | undefined, shell: readonly string[]): HealthPlan | undefined {
  const [kind, ...rest] = config?.Test ?? []
  if (config === undefined || kind === undefined || kind === 'NONE') return undefined
  const args = kind === 'CMD-SHELL' ? [...shell, ...rest] : kind === 'CMD' ? rest : [kind, ...rest]
  if (args.length === 0) return undefined
  const milliseconds = (nanos: number | undefined, fallback: number): number =>
    nanos ? nanos / nanosPerMilli : fallback
  return {
    args,
    intervalMs: milliseconds(config.Interval, 30_000),
    timeoutMs: milliseconds(config.Timeout, 30_000),
    startPeriodMs: milliseconds(config.StartPeriod, 0),
    startIntervalMs: milliseconds(config.StartInterval, 5_000),
    retries: config.Retries || 3,
  }
}

export interface HealthJudgement {
  readonly status: HealthStatus
  readonly failingStreak: number
}

/** What one probe makes of the status. Failures within the start period do not count until the container was healthy once. */
export function judge(
  before: HealthJudgement,
  exitCode: number,
  isInStartPeriod: boolean,
  retries: number,
): HealthJudgement {
  if (exitCode === 0) return { status: 'healthy', failingStreak: 0 }
  if (before.status === 'starting' && isInStartPeriod) return { status: 'starting', failingStreak: 0 }
  const failingStreak = before.failingStreak + 1
  return { status: failingStreak >= retries ? 'unhealthy' : before.status, failingStreak }
}

/** Begins probing a running container. When it is not fresh (paused, or found by a new daemon) the status that is known goes on. */
export function armHealth(context: ContainerContext, container: Container, isFresh: boolean): void {
  const { config } = container.record
  const { live } = container
  const plan = healthPlan(config.Healthcheck, config.Shell?.length ? config.Shell : ['/bin/sh', '-c'])
  disarmHealth(container)
  if (plan === undefined) {
    live.health = undefined
    return
  }
  const known = container.state.health
  if (isFresh) live.health = { status: 'starting', failingStreak: 0, log: [] }
  else live.health ??= { status: known ?? 'starting', failingStreak: 0, log: [] }
  live.stopHealth = probeRepeatedly(context, container, plan, live.health)
}

/** Ends probing; the last status stays visible. */
export function disarmHealth(container: Container): void {
  container.live.stopHealth?.()
  container.live.stopHealth = undefined
}

function probeRepeatedly(
  context: ContainerContext,
  container: Container,
  plan: HealthPlan,
  health: HealthRecord,
): () => void {
  const stop = new AbortController()
  const startedAt = context.clock.now()
  let cancelTimer: (() => void) | undefined
  const isStarting = (): boolean => health.status === 'starting' && context.clock.now() - startedAt < plan.startPeriodMs
  const scheduleNext = (): void => {
    if (stop.signal.aborted) return
    const delayMs = isStarting() ? Math.min(plan.startIntervalMs, plan.intervalMs) : plan.intervalMs
    cancelTimer = context.clock.after(delayMs, () => void probe())
  }
  const probe = async (): Promise<void> => {
    const result = await runProbe(context, container, plan, stop.signal)
    if (stop.signal.aborted) return
    const before = health.status
    Object.assign(health, judge(health, result.ExitCode, isStarting(), plan.retries), {
      log: [...health.log, result].slice(-keptResults),
    })
    if (health.status !== before) {
      void context.registry.setState(container, { ...container.state, health: health.status })
      publish(context, container, `health_status: ${health.status}`)
    }
    scheduleNext()
  }
  scheduleNext()
  return () => {
    stop.abort()
    cancelTimer?.()
  }
}

async function runProbe(
  context: ContainerContext,
  container: Container,
  plan: HealthPlan,
  signal: AbortSignal,
): Promise<HealthcheckResult> {
  const Start = formatTime(context.clock.now())
  const finish = (ExitCode: number, Output: string): HealthcheckResult => ({
    Start,
    End: formatTime(context.clock.now()),
    ExitCode,
    Output,
  })
  try {
    const { code, output } = await execCapture(context, container, {
      execId: randomBytes(32).toString('hex'),
      args: plan.args,
      timeoutMs: plan.timeoutMs,
      maxOutputBytes,
      signal,
    })
    if (code === undefined) return finish(-1, `Health check exceeded timeout (${formatSeconds(plan.timeoutMs)})`)
    return finish(code, output)
  } catch (error) {
    return finish(-1, error instanceof Error ? error.message : String(error))
  }
}

const formatSeconds = (milliseconds: number): string => `${milliseconds / 1000}s`
