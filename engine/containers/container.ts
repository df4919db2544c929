import type { HealthcheckResult, HealthStatus } from '../../schemas/api/containers.ts'
import type { OomReport } from '../../schemas/runtime/monitor.ts'
import type { Monitor } from '../runtime/monitor.ts'
import type { ResolvedMount } from '../volumes/mounts.ts'
import type { ContainerRecord } from './record.ts'
import type { ContainerState } from './state.ts'

/** A container as the daemon holds it: stored record, stored state, and what lives only in memory. */
export interface Container {
  record: ContainerRecord
  state: ContainerState
  readonly live: Live
}

export interface ExitResult {
  readonly code: number
  /** Why a container that never ran could not be started. */
  readonly error?: string
}

/** Somebody who waits for a container: `exit` at the end of a run, `removed` when it is gone. Each is told once. */
export interface Waiter {
  readonly condition: 'exit' | 'removed'
  readonly tell: (result: ExitResult) => void
}

/** A client that attached before the start. */
export interface PendingAttach {
  /** Connects it to the monitor; resolves when no byte can be lost any more. */
  readonly connect: (monitor: Monitor) => Promise<void>
  /** The container is not going to start. */
  readonly abandon: () => void
}

export interface HealthRecord {
  status: HealthStatus
  failingStreak: number
  /** Newest last, at most five. */
  log: readonly HealthcheckResult[]
}

export interface Live {
  monitor: Monitor | undefined
  /** Binds and volumes of the current run. */
  mounts: readonly ResolvedMount[]
  /** `NAME=value` that its record must not tell: secrets of a build's step. */
  secretVariables: readonly string[]
  readonly waiters: Set<Waiter>
  readonly pendingAttaches: Set<PendingAttach>
  /** Ids of execs, in order of creation. */
  readonly execIds: Set<string>
  /** Told when an exec of this container ends. */
  readonly execWaiters: Map<string, (code: number) => void>
  health: HealthRecord | undefined
  /** Ends the probing. */
  stopHealth: (() => void) | undefined
  cancelRestart: (() => void) | undefined
  /** Out-of-memory reports of this run that no incident has taken in yet, and the kills that incidents know of. */
  oomReport: OomReport | undefined
  oomKillsKnown: number
}

export const createLive = (): Live => ({
  monitor: undefined,
  mounts: [],
  secretVariables: [],
  waiters: new Set(),
  pendingAttaches: new Set(),
  execIds: new Set(),
  execWaiters: new Map(),
  health: undefined,
  stopHealth: undefined,
  cancelRestart: undefined,
  oomReport: undefined,
  oomKillsKnown: 0,
})

const attributesOf = new WeakMap<ContainerRecord, Readonly<Record<string, string>>>()

/** Labels plus image and name: the attributes of every container event, made once for a record. */
export function eventAttributes(record: ContainerRecord): Readonly<Record<string, string>> {
  let attributes = attributesOf.get(record)
  if (attributes === undefined) {
    attributes = Object.freeze({ ...record.config.Labels, image: record.config.Image ?? '', name: record.name })
    attributesOf.set(record, attributes)
  }
  return attributes
}
