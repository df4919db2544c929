/**
 * berthd <-> spawner. The spawner is started by berthd as `berth-native spawner --run-dir DIR` and is single-threaded; it forks without exec.
 * On start it makes DIR a tmpfs mount (unless it is on one already) and private, answers nothing until the first request.
 * It exits when its stdin closes; monitors and netd go on.
 */
export type SpawnerRequest =
  /** Listens on `<bundle>/monitor.sock` (0600), forks the monitor of one container with it. ok: {pid}. `bundle` (0700) is made if absent. */
  | { readonly op: 'monitor'; readonly containerId: string; readonly bundle: string }
  /** Listens on `socket`, forks a layer worker that takes one connection and exits. ok: {pid}. */
  | { readonly op: 'layer'; readonly socket: string }
  /** Starts netd listening on `<runDir>/netd.sock` unless it runs (flock on `<runDir>/netd.lock`). ok: {pid, started: boolean}. */
  | { readonly op: 'netd' }
  /** Facts of the kernel, probed once. ok: HostFacts. */
  | { readonly op: 'facts' }

/** Sent when a monitor or layer worker ends. The container's own exit is told by the monitor, not here. */
export interface SpawnerEvent {
  readonly event: 'workerExit'
  readonly pid: number
  readonly code: number
  readonly signal: number
}

export interface HostFacts {
  /** `v1` (also when a controllerless v2 hierarchy is mounted beside it) or `v2`. */
  readonly cgroupVersion: 'v1' | 'v2'
  readonly controllers: readonly string[]
  readonly seccomp: boolean
  readonly nftables: boolean
  readonly overlay: boolean
  /** Capabilities that this process may hand on, e.g. `CAP_NET_ADMIN`. */
  readonly capabilities: readonly string[]
  readonly kernelRelease: string
  readonly architecture: string
}
