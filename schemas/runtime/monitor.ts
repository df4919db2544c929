import type { Stamp } from './frame.ts'
import type { OciProcess, OciResources, OciSpec } from './oci.ts'

/**
 * berthd <-> the monitor of one container, over `<bundle>/monitor.sock`.
 * The first frame of a connection says what it is: `control` or `attach`. Any number of control connections may be open; events go to all of them.
 * A monitor outlives berthd. It stays after the container's exit until a `release`, and may be started again (restart policy) with the same
 * network namespace, mounts and cgroup re-used where the spec is unchanged.
 */
export type MonitorHello =
  /** ok: MonitorState. */
  | { readonly id: number; readonly op: 'control' }
  /**
   * Joins the streams of the container's main process, or of exec `execId` (which must be attached before `exec` is sent, so that no byte is lost).
   * After `ok: {}` the connection is no longer framed: from the monitor come Docker multiplexed frames ([stream,0,0,0,length big-endian 32]) or,
   * with a terminal, raw bytes; to the monitor goes raw stdin. As with dockerd, a half-close with `stdin: true` ends the input of an exec without a
   * terminal, and that of a main process only with `stdinOnce`; the output goes on. With `stdin: false` what is sent is dropped.
   * The monitor closes it when the process has ended and its output is drained. A reader that is slow for longer than its buffer (1 MiB) of the main
   * process is dropped; for an exec the process is held back instead.
   */
  | {
      readonly id: number
      readonly op: 'attach'
      readonly execId?: string
      readonly stdin: boolean
      readonly stdout: boolean
      readonly stderr: boolean
    }

export type MonitorRequest =
  /** Creates and starts the container. ok: {pid, startedAt, warnings}. On failure everything is undone and the monitor can be asked again. */
  | ({ readonly op: 'start' } & StartConfig)
  /** ok: {}. `all` signals every process of the container's cgroup. errno ESRCH when it is not running. SIGKILL of a paused container thaws it. */
  | { readonly op: 'signal'; readonly signal: number; readonly all?: boolean }
  /**
   * ok: {pid}. Streams only through a prior `attach` with the same execId; without one, output is discarded, as it is once the last reader has gone.
   * When it fails, the attached connections are closed. errno ESRCH: not running; EBUSY: paused; stage `exec` with ENOENT: no such program.
   */
  | {
      readonly op: 'exec'
      readonly execId: string
      readonly process: OciProcess
      readonly stdin?: boolean
    }
  | { readonly op: 'resize'; readonly execId?: string; readonly height: number; readonly width: number }
  | { readonly op: 'pause' }
  | { readonly op: 'resume' }
  /** Changes limits of the running container. ok: {warnings: string[]}. */
  | { readonly op: 'update'; readonly resources: OciResources }
  /** ok: ContainerUsage. */
  | { readonly op: 'usage' }
  /** ok: {pids: number[]}, host pids of every process in the container. */
  | { readonly op: 'processes' }
  /** Kills what is left, unmounts, removes the cgroup, closes the log, exits. ok: {} is the last frame. */
  | { readonly op: 'release' }

export interface StartConfig {
  readonly spec: OciSpec
  readonly rootfs: RootFilesystem
  readonly stdio: StdioConfig
  readonly log: LogConfig
  /** Files made inside the container on tmpfs mounts before its process starts (secrets, configs). Never bind-mounted from the host. */
  readonly files: readonly InjectedFile[]
  /** What an out-of-memory kill of any process of the container does at once, before berthd decides on a restart. */
  readonly onOom: 'killAll' | 'report'
  /** Run a small init as PID 1 that reaps and forwards signals (`--init`). */
  readonly init: boolean
  /** Flush file systems when the writable layer is unmounted. False only where the layer is thrown away anyway. */
  readonly isDurable: boolean
  /** Another OCI runtime that makes and keeps the container's processes. Not with a user namespace. */
  readonly runtime?: OtherRuntime
}

/** A program with the OCI runtime command line (runc's), and words that stand before its global options. */
export interface OtherRuntime {
  /** Absolute. */
  readonly path: string
  readonly arguments: readonly string[]
}

export type RootFilesystem =
  /** `lower` top-most first. The overlay is mounted at spec.root.path inside the monitor's private mount namespace. */
  | {
      readonly kind: 'overlay'
      readonly lower: readonly string[]
      readonly upper: string
      readonly work: string
      /** Ids in the layers are those that the container sees. `upper` and `work` must then be folders of one folder. */
      readonly isIdmapped?: boolean
    }
  | { readonly kind: 'directory'; readonly path: string }

export interface StdioConfig {
  /** Keep stdin open (docker's OpenStdin); otherwise it is /dev/null. */
  readonly stdin: boolean
  /** Close stdin after the first attached client has gone (docker's StdinOnce). */
  readonly stdinOnce: boolean
}

export type LogConfig =
  | { readonly kind: 'none' }
  /** Docker's json-file lines `{"log","stream","time"}`; rotated to path.1 ... when a file passes maxBytes (0 = never). */
  | { readonly kind: 'json-file'; readonly path: string; readonly maxBytes: number; readonly maxFiles: number }

export interface InjectedFile {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly contentBase64: string
}

export type MonitorEvent =
  /** `trace`: when a request before it was traced. */
  | ({ readonly event: 'exit'; readonly trace?: readonly Stamp[] } & ExitRecord)
  /** Some process in the container's cgroup was killed for memory. `killsTotal` counts since the start. */
  | ({ readonly event: 'oom' } & OomReport)
  /** Sent when the output is drained: to EOF, or, where a background child keeps the stream open, what was written until 100 ms after the exit. */
  | { readonly event: 'execExit'; readonly execId: string; readonly code: number; readonly pid: number }

/** Also written to `<bundle>/exit.json` (temporary file, fsync, rename) before the event is sent. */
export interface ExitRecord {
  readonly pid: number
  /** 0..255; 128 + signal when killed. */
  readonly code: number
  readonly signal: number
  readonly startedAt: string
  readonly finishedAt: string
  /** Out-of-memory kills in the container's cgroup since the start, read after the exit. */
  readonly oomKills: number
  /** Bytes, 0 when the kernel does not tell. */
  readonly memoryPeak: number
}

export interface OomReport {
  readonly at: string
  readonly killsTotal: number
  /** Bytes, 0 when there is none. */
  readonly memoryLimit: number
  readonly memoryPeak: number
  /** From the kernel log, where it can be read. */
  readonly victim?: { readonly pid: number; readonly name: string; readonly rssBytes: number }
}

export interface MonitorState {
  readonly status: 'idle' | 'running' | 'paused' | 'exited'
  readonly pid?: number
  readonly startedAt?: string
  readonly exit?: ExitRecord
  readonly oomKills: number
  readonly execs: readonly string[]
}

/** How long tasks waited for a resource: `some` of them, or all at once (`full`). */
export interface Pressure {
  readonly some?: PressureLine
  readonly full?: PressureLine
}

/** Percent of the last 10, 60 and 300 seconds, and microseconds in all. */
export interface PressureLine {
  readonly avg10: number
  readonly avg60: number
  readonly avg300: number
  readonly total: number
}

/** Nanoseconds and bytes; absent where the kernel has no such controller. */
export interface ContainerUsage {
  readonly cpu?: {
    readonly totalNs: number
    readonly userNs: number
    readonly systemNs: number
    readonly perCpuNs?: readonly number[]
    readonly periods?: number
    readonly throttledPeriods?: number
    readonly throttledNs?: number
  }
  readonly memory?: {
    readonly usage: number
    readonly limit: number
    readonly peak: number
    readonly failures: number
    /** memory.stat as the kernel prints it. */
    readonly stat: Readonly<Record<string, number>>
  }
  readonly pids?: { readonly current: number; readonly limit: number }
  readonly io?: readonly {
    readonly major: number
    readonly minor: number
    /** As dockerd names them: `Read`, `Write`, `Sync`, `Async`, `Discard` and `Total` on cgroup v1, `read` and `write` on v2. */
    readonly operation: string
    readonly bytes: number
    readonly operations: number
  }[]
  /** Of a v2 group, on hybrid hosts too, where the kernel keeps pressure stall information. */
  readonly pressure?: { readonly cpu?: Pressure; readonly memory?: Pressure; readonly io?: Pressure }
  readonly network?: Readonly<
    Record<
      string,
      {
        readonly rxBytes: number
        readonly rxPackets: number
        readonly rxErrors: number
        readonly rxDropped: number
        readonly txBytes: number
        readonly txPackets: number
        readonly txErrors: number
        readonly txDropped: number
      }
    >
  >
}
