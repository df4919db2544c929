/**
 * What Berth adds to the Engine API. dockerd ignores the `Berth` member of a create request; berthd answers `Berth: true` style facts through
 * the `/version` component named "Berth" and the header `Server: Berth/<version>`.
 */

/** Policy after an out-of-memory kill; the stack file's `x-oom` with every default filled in. Times in milliseconds, sizes in bytes. */
export interface OomPolicy {
  readonly action: 'restart' | 'stop' | 'ignore'
  /** `container`: the whole cgroup is killed and restarted as one. `process`: only the victim dies. */
  readonly scope: 'container' | 'process'
  readonly maxRestarts: number
  readonly windowMs: number
  readonly backoff: {
    readonly initialMs: number
    readonly factor: number
    readonly maxMs: number
    readonly resetAfterMs: number
  }
  readonly grow?: { readonly factor: number; readonly limitBytes: number }
}

/** A file that the engine makes inside the container on a tmpfs of its own (secrets and configs). Content never shows in inspect. */
export interface ContainerFile {
  readonly Path: string
  readonly Mode: number
  readonly Uid: number
  readonly Gid: number
  /** base64 */
  readonly Content: string
}

/** `Berth` member of POST /containers/create; `Files` is left out of every answer. */
export interface ContainerExtension {
  readonly Oom?: OomPolicy
  readonly Files?: readonly ContainerFile[]
  readonly Priority?: number
}

/** One out-of-memory kill and what was decided. GET /berth/v1/oom answers a list, newest last; filters: `container`, `label`. */
export interface OomIncident {
  readonly Id: string
  readonly Time: string
  readonly ContainerId: string
  readonly ContainerName: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Victim?: { readonly Pid: number; readonly Name: string; readonly RssBytes: number }
  /** True when PID 1 of the container was the victim. */
  readonly KilledMain: boolean
  readonly LimitBytes: number
  readonly PeakBytes: number
  readonly Decision: 'restart' | 'stop' | 'ignore' | 'give-up'
  readonly Reason: string
  readonly NewLimitBytes?: number
  readonly DelayMs?: number
}
