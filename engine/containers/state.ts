import type { ContainerStatus, HealthStatus } from '../../schemas/api/containers.ts'
import type { RestartDecision } from './restart.ts'

/** The part of a container that changes while it lives; stored apart from its (large, constant) record. Times are RFC 3339. */
export interface ContainerState {
  readonly status: ContainerStatus
  /** Of the main process while it runs, else 0. */
  readonly pid: number
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Why the last start failed, or why the container was given up. */
  readonly error: string
  readonly startedAt: string
  readonly finishedAt: string
  /** Restarts by policy since the last start by hand. */
  readonly restartCount: number
  /** Last delay of the restart policy; 0 after a calm run. */
  readonly restartDelayMs: number
  /** Stopped by a client: no policy but `always` at the daemon's start brings it back. */
  readonly isManuallyStopped: boolean
  /** When out-of-memory restarts happened, milliseconds since 1970, oldest first; only those within the policy's window. */
  readonly oomRestarts: readonly number[]
  /** Last status of the health check, for a daemon that finds the container running. */
  readonly health?: HealthStatus
  /** Memory limit after growing; undefined = as in the record. */
  readonly grownMemoryBytes?: number
}

export const zeroTime = '0001-01-01T00:00:00Z'

export const initialState: ContainerState = {
  status: 'created',
  pid: 0,
  exitCode: 0,
  oomKilled: false,
  error: '',
  startedAt: zeroTime,
  finishedAt: zeroTime,
  restartCount: 0,
  restartDelayMs: 0,
  isManuallyStopped: false,
  oomRestarts: [],
}

export type ContainerEvent =
  | { readonly kind: 'started'; readonly pid: number; readonly at: string; readonly byPolicy: boolean }
  /** `exitCode` as dockerd: 127 program not found, 126 not runnable, 128 anything else. */
  | {
      readonly kind: 'startFailed'
      readonly error: string
      readonly exitCode: number
      readonly at: string
      /** What the policy makes of a failed restart; a start by hand is not repeated. */
      readonly decision: RestartDecision
    }
  | {
      readonly kind: 'exited'
      readonly code: number
      readonly oomKilled: boolean
      readonly at: string
      readonly decision: RestartDecision
    }
  | { readonly kind: 'paused' }
  /** `isKilled`: it was let go on only to die, which is not told. */
  | { readonly kind: 'resumed'; readonly isKilled?: boolean }
  /** A daemon found it waiting for its next restart. */
  | { readonly kind: 'restartDue' }
  /** A client wants it down: stop, kill, restart. */
  | { readonly kind: 'stopRequested' }
  | { readonly kind: 'removing' }
  | { readonly kind: 'removeFailed'; readonly error: string }

/** What has to happen after a transition, in this order. */
export type Effect =
  | { readonly kind: 'publish'; readonly action: string; readonly attributes?: Readonly<Record<string, string>> }
  /** Begin probing: anew, or from the status that is known. */
  | { readonly kind: 'armHealth'; readonly isFresh: boolean }
  | { readonly kind: 'disarmHealth' }
  /** Give back network, mounts, cgroup and monitor. */
  | { readonly kind: 'releaseRuntime' }
  /** Answer those that wait for the process's end. */
  | { readonly kind: 'notifyExit' }
  | { readonly kind: 'scheduleRestart'; readonly delayMs: number }
  | { readonly kind: 'cancelRestart' }
  /** `--rm`. Only run for containers that have it. */
  | { readonly kind: 'autoRemove' }

export interface Transition {
  readonly state: ContainerState
  readonly effects: readonly Effect[]
}

/** The life of a container. Pure; events that cannot happen in a state leave it as it is. */
export function next(state: ContainerState, event: ContainerEvent): Transition {
  switch (event.kind) {
    case 'started':
      return {
        state: {
          ...state,
          status: 'running',
          pid: event.pid,
          exitCode: 0,
          oomKilled: false,
          error: '',
          startedAt: event.at,
          ...(event.byPolicy ? {} : { restartCount: 0, restartDelayMs: 0, oomRestarts: [] }),
          isManuallyStopped: false,
        },
        effects: [
          { kind: 'publish', action: 'start' },
          { kind: 'armHealth', isFresh: true },
        ],
      }
    case 'startFailed':
      return startFailed(state, event)
    case 'exited':
      return exited(state, event)
    case 'paused':
      return state.status === 'running'
        ? {
            state: { ...state, status: 'paused' },
            effects: [{ kind: 'disarmHealth' }, { kind: 'publish', action: 'pause' }],
          }
        : unchanged(state)
    case 'resumed':
      return state.status === 'paused'
        ? {
            state: { ...state, status: 'running' },
            effects: [
              ...(event.isKilled === true ? [] : [{ kind: 'publish', action: 'unpause' } as const]),
              { kind: 'armHealth', isFresh: false },
            ],
          }
        : unchanged(state)
    case 'stopRequested':
      // A container that waits for its next restart has no process: it is down from now on.
      return state.status === 'restarting'
        ? {
            state: { ...state, status: 'exited', isManuallyStopped: true },
            effects: [
              { kind: 'cancelRestart' },
              { kind: 'releaseRuntime' },
              { kind: 'notifyExit' },
              { kind: 'autoRemove' },
            ],
          }
        : { state: { ...state, isManuallyStopped: true }, effects: [] }
    case 'restartDue':
      return state.status === 'restarting'
        ? { state, effects: [{ kind: 'scheduleRestart', delayMs: state.restartDelayMs }] }
        : unchanged(state)
    case 'removing':
      return {
        state: { ...state, status: 'removing', pid: 0 },
        effects: [{ kind: 'cancelRestart' }, { kind: 'disarmHealth' }],
      }
    case 'removeFailed':
      return { state: { ...state, status: 'dead', error: event.error }, effects: [] }
    default:
      return event satisfies never
  }
}

function exited(state: ContainerState, event: Extract<ContainerEvent, { kind: 'exited' }>): Transition {
  if (state.status !== 'running' && state.status !== 'paused') return unchanged(state)
  const { decision } = event
  const ended: ContainerState = {
    ...state,
    status: decision.restarts ? 'restarting' : 'exited',
    pid: 0,
    exitCode: event.code,
    oomKilled: event.oomKilled,
    finishedAt: event.at,
    error: decision.error ?? '',
    ...(decision.restarts
      ? {
          restartCount: state.restartCount + 1,
          restartDelayMs: decision.delayMs,
          oomRestarts: decision.oomRestarts ?? state.oomRestarts,
        }
      : {}),
    ...(decision.memoryBytes === undefined ? {} : { grownMemoryBytes: decision.memoryBytes }),
  }
  const die: Effect = {
    kind: 'publish',
    action: 'die',
    attributes: { exitCode: String(event.code), execDuration: String(durationSeconds(state.startedAt, event.at)) },
  }
  // As with dockerd, networks and volumes are left before the end is told.
  const effects: Effect[] = decision.restarts
    ? [die, { kind: 'scheduleRestart', delayMs: decision.delayMs }, { kind: 'notifyExit' }]
    : [{ kind: 'releaseRuntime' }, die, { kind: 'notifyExit' }, { kind: 'autoRemove' }]
  return { state: ended, effects: [{ kind: 'disarmHealth' }, ...effects] }
}

function startFailed(state: ContainerState, event: Extract<ContainerEvent, { kind: 'startFailed' }>): Transition {
  const { decision, exitCode, error } = event
  const die: Effect = { kind: 'publish', action: 'die', attributes: { exitCode: String(exitCode), execDuration: '0' } }
  if (decision.restarts) {
    const { restartCount } = state
    return {
      state: {
        ...state,
        status: 'restarting',
        pid: 0,
        exitCode,
        error,
        restartCount: restartCount + 1,
        restartDelayMs: decision.delayMs,
      },
      effects: [die, { kind: 'releaseRuntime' }, { kind: 'scheduleRestart', delayMs: decision.delayMs }],
    }
  }
  const hasRun = state.startedAt !== zeroTime
  return {
    state: {
      ...state,
      status: hasRun ? 'exited' : 'created',
      pid: 0,
      exitCode,
      error,
      ...(hasRun ? { finishedAt: event.at } : {}),
    },
    effects: [
      { kind: 'cancelRestart' },
      die,
      { kind: 'releaseRuntime' },
      // Who asked for a first start is told by its answer; who waits through restarts learns that there will be no more.
      ...(state.status === 'restarting' ? [{ kind: 'notifyExit' } as const] : []),
      { kind: 'autoRemove' },
    ],
  }
}

const unchanged = (state: ContainerState): Transition => ({ state, effects: [] })

/** Whole seconds between two RFC 3339 times, never negative. */
function durationSeconds(from: string, to: string): number {
  const milliseconds = Date.parse(to) - Date.parse(from)
  return milliseconds > 0 ? Math.floor(milliseconds / 1000) : 0
}

export const isUp = (state: ContainerState): boolean => state.status === 'running' || state.status === 'paused'
