import type { EngineClient } from '../client/engine-client.ts'
import type { ProgressListener } from './progress.ts'

export type { DownOptions, LifecycleOptions, RecreatePolicy, RunOptions, UpOptions } from '../plan/options.ts'

/** What every use case works with. `signal`: the first Ctrl-C; running API calls are finished, nothing new is begun. */
export interface ApplyContext {
  readonly client: EngineClient
  readonly onProgress: ProgressListener
  readonly signal?: AbortSignal
  /** How many operations may run at once; default 16. */
  readonly parallel?: number
  /** What providers are looked up in and called with. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** SSH_AUTH_SOCK, for builds. */
  readonly sshAgent?: string | undefined
  /** Where builds keep digests of their contexts. */
  readonly digestsFolder?: string | undefined
  /** `X-Registry-Auth` for the registry of an image. */
  readonly registryAuth?: (reference: string) => Promise<string | undefined>
}

/** A one-off container that is created and not started: the caller attaches, starts, waits. */
export interface PreparedRun {
  readonly containerId: string
  readonly containerName: string
  readonly tty: boolean
  readonly interactive: boolean
}
