import type { EngineClient } from '../client/engine-client.ts'
import type { Project } from '../model/project.ts'
import type { ProgressListener } from './progress.ts'

export type { DownOptions, LifecycleOptions, RecreatePolicy, RunOptions, UpOptions } from '../plan/options.ts'

/** What every use case works with. `signal`: the first Ctrl-C; running API calls are finished, nothing new is begun. */
export interface ApplyContext {
  readonly client: EngineClient
  readonly onProgress: ProgressListener
  readonly signal?: AbortSignal
  /** How many operations may run at once; default 16. */
  readonly parallel?: number
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
