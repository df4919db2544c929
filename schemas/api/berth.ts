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

/** One start or stop of a container, stage by stage. GET /berth/v1/trace streams one JSON line for each that ends while it is read. */
export interface LifeTrace {
  /** `exit`: what follows when a container ends by itself. */
  readonly Action: 'start' | 'stop' | 'kill' | 'exit'
  /** When it ended. */
  readonly Time: string
  readonly ContainerId: string
  readonly ContainerName: string
  readonly Microseconds: number
  /** In order of their beginning; those of different processes overlap. */
  readonly Stages: readonly TraceStage[]
}

export interface TraceStage {
  /** `runtime`: the monitor while it makes the container, and the container's process until its program runs. */
  readonly Process: 'engine' | 'spawner' | 'netd' | 'monitor' | 'runtime'
  readonly Stage: string
  /** Microseconds since the trace began. */
  readonly At: number
  readonly Microseconds: number
}

/** GET /berth/v1/images/{name}/layers: what each layer does, lowest first, and what is in the image and can never be seen. */
export interface ImageLayers {
  readonly Id: string
  readonly Layers: readonly ImageLayer[]
  /** Largest first. */
  readonly Wasted: readonly WastedFile[]
}

export interface ImageLayer {
  readonly DiffId: string
  readonly CreatedBy: string
  /** Bytes of its files. */
  readonly Size: number
  readonly Added: number
  readonly Changed: number
  readonly Removed: number
  /** Bytes of its files that layers above replace or remove. */
  readonly Wasted: number
}

export interface WastedFile {
  readonly Path: string
  readonly Size: number
  /** Numbers of the layer that has it and of the one that hides it; 1 is the lowest. */
  readonly Layer: number
  readonly HiddenBy: number
  readonly Why: 'replaced' | 'removed'
}

/** GET /berth/v1/images/{name}/diff?to=OTHER: what has to change to get from the one image's files to the other's, by path. */
export interface ImageDifference {
  readonly Kind: 'A' | 'C' | 'D'
  readonly Path: string
  /** Bytes, in the second image (in the first for `D`). */
  readonly Size: number
  /** Of `C`: `content`, `mode`, `owner`, `type`, `target`. */
  readonly What: readonly string[]
}
