import type { EngineClient } from '../client/engine-client.ts'
import type { Project } from '../model/project.ts'
import type { ProgressListener } from './progress.ts'

/** What every use case works with. `signal`: the first Ctrl-C; running API calls are finished, nothing new is begun. */
export interface ApplyContext {
  readonly client: EngineClient
  readonly onProgress: ProgressListener
  readonly signal?: AbortSignal
  /** How many operations may run at once; default 16. */
  readonly parallel?: number
}

export type RecreatePolicy = 'diverged' | 'force' | 'never'

export interface UpOptions {
  /** Empty = every enabled service. Dependencies are included unless `noDeps`. */
  readonly services?: readonly string[]
  readonly noDeps?: boolean
  readonly recreate?: RecreatePolicy
  readonly alwaysRecreateDeps?: boolean
  readonly renewAnonVolumes?: boolean
  readonly removeOrphans?: boolean
  readonly scale?: Readonly<Record<string, number>>
  /** `create` and `up --no-start`. */
  readonly noStart?: boolean
  /** Wait until every service has reached its goal: healthy, running, or (a job) exited 0. */
  readonly wait?: boolean
  readonly waitTimeoutMs?: number
  /** Seconds to wait for a stop before the kill; default: each service's stop_grace_period, or the engine's 10. */
  readonly stopTimeoutSeconds?: number
  readonly pull?: 'always' | 'missing' | 'never' | 'policy'
}

export interface DownOptions {
  readonly services?: readonly string[]
  readonly removeOrphans?: boolean
  readonly removeVolumes?: boolean
  readonly removeImages?: 'local' | 'all'
  readonly stopTimeoutSeconds?: number
}

/** start, stop, restart, kill, rm, pause, unpause. */
export interface LifecycleOptions {
  readonly services?: readonly string[]
  readonly stopTimeoutSeconds?: number
  /** restart: leave dependents alone. */
  readonly noDeps?: boolean
  /** start: wait for the goals as `up --wait` does. */
  readonly wait?: boolean
  readonly waitTimeoutMs?: number
  /** kill: the signal, e.g. `SIGKILL`. */
  readonly killSignal?: string
  /** rm: stop running ones first, and remove anonymous volumes too. */
  readonly stopFirst?: boolean
  readonly removeVolumes?: boolean
  readonly removeOrphans?: boolean
}

export interface RunOptions {
  readonly service: string
  /** undefined = the service's own. */
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly name?: string
  readonly user?: string
  readonly workingDir?: string
  readonly volumes?: readonly string[]
  /** `8080:80` forms. */
  readonly publish?: readonly string[]
  /** Publish the service's own ports. */
  readonly servicePorts?: boolean
  readonly useAliases?: boolean
  readonly capAdd?: readonly string[]
  readonly capDrop?: readonly string[]
  readonly tty: boolean
  readonly interactive: boolean
  readonly detach: boolean
  readonly remove: boolean
  readonly noDeps?: boolean
  readonly removeOrphans?: boolean
  readonly pull?: UpOptions['pull']
}

/** A one-off container that is created and not started: the caller attaches, starts, waits. */
export interface PreparedRun {
  readonly containerId: string
  readonly containerName: string
  readonly tty: boolean
  readonly interactive: boolean
}

/**
 * The use cases, one file each. All resolve with a report; they throw only when nothing was begun (no engine, unknown service, bad state).
 *
 *   up.ts         planUp(project, options, context): Promise<Plan>
 *                 up(project, options, context): Promise<ApplyReport>
 *   down.ts       planDown(target, options, context): Promise<Plan>
 *                 down(target, options, context): Promise<ApplyReport>
 *   lifecycle.ts  startServices, stopServices, restartServices, killServices, removeServices, pauseServices, unpauseServices
 *                 (target, options, context): Promise<ApplyReport>
 *   run.ts        prepareRun(project, options, context): Promise<PreparedRun>
 *
 * `target` is a Project, or only its name: then the labels on what exists say what belongs to it.
 */
export type Target = Project | { readonly name: string }
