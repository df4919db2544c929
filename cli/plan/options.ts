export type RecreatePolicy = 'diverged' | 'force' | 'never'

export interface UpOptions {
  /** Empty = every enabled service. Dependencies are included unless `noDeps`. */
  readonly services?: readonly string[]
  readonly noDeps?: boolean
  readonly recreate?: RecreatePolicy
  readonly alwaysRecreateDeps?: boolean
  readonly renewAnonVolumes?: boolean
  readonly removeOrphans?: boolean
  /** Say nothing of them. */
  readonly ignoreOrphans?: boolean
  readonly scale?: Readonly<Record<string, number>>
  /** `create` and `up --no-start`. */
  readonly noStart?: boolean
  /** Wait until every service has reached its goal: healthy, running, or (a job) exited 0. */
  readonly wait?: boolean
  readonly waitTimeoutMs?: number
  /** Seconds to wait for a stop before the kill; default: each service's stop_grace_period, or the engine's 10. */
  readonly stopTimeoutSeconds?: number
  readonly pull?: 'always' | 'missing' | 'never' | 'policy'
  /** Images of services with a `build` section: always build, never, or when they are missing (or pull_policy says so). */
  readonly build?: 'always' | 'never'
  /** After the last start, watch this long for containers that go down at once; 0 = do not look. */
  readonly monitorMs?: number
}

export interface DownOptions {
  readonly services?: readonly string[]
  readonly removeOrphans?: boolean
  readonly ignoreOrphans?: boolean
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
  readonly ignoreOrphans?: boolean
  readonly pull?: UpOptions['pull']
  /** Of the service itself; those that it depends on follow their pull policies. */
  readonly build?: UpOptions['build']
}
