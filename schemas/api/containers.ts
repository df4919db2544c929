import type { ContainerConfig } from './container-create.ts'
import type { EndpointView } from './endpoint.ts'
import type { HostConfig, PortMap } from './host-config.ts'

/** As an engine tells it: `null` for what nobody set. */
export type Described<T> = { readonly [Member in keyof T]: T[Member] | null }

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy'

/** One published or exposed port as the list shows it. */
export interface PortSummary {
  readonly IP?: string
  readonly PrivatePort: number
  readonly PublicPort?: number
  readonly Type: 'tcp' | 'udp' | 'sctp'
}

/** A mount as it is in the container. `Name` and `Driver` only for volumes. */
export interface MountPoint {
  readonly Type: 'bind' | 'volume' | 'image' | 'tmpfs' | 'npipe' | 'cluster'
  readonly Name?: string
  readonly Source: string
  readonly Destination: string
  readonly Driver?: string
  readonly Mode: string
  readonly RW: boolean
  readonly Propagation: string
}

/** GET /containers/json */
export interface ContainerSummary {
  readonly Id: string
  /** With a leading `/`. */
  readonly Names: readonly string[]
  readonly Image: string
  readonly ImageID: string
  readonly Command: string
  /** Seconds since 1970. */
  readonly Created: number
  readonly Ports: readonly PortSummary[]
  readonly SizeRw?: number
  readonly SizeRootFs?: number
  readonly Labels: Readonly<Record<string, string>>
  readonly State: ContainerStatus
  /** `Up 5 minutes (healthy)`. */
  readonly Status: string
  readonly HostConfig: { readonly NetworkMode: string; readonly Annotations?: Readonly<Record<string, string>> }
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, EndpointView>> }
  readonly Mounts: readonly MountPoint[]
}

export interface HealthcheckResult {
  readonly Start: string
  readonly End: string
  readonly ExitCode: number
  readonly Output: string
}

export interface ContainerState {
  readonly Status: ContainerStatus
  readonly Running: boolean
  readonly Paused: boolean
  readonly Restarting: boolean
  readonly OOMKilled: boolean
  readonly Dead: boolean
  readonly Pid: number
  readonly ExitCode: number
  readonly Error: string
  readonly StartedAt: string
  readonly FinishedAt: string
  readonly Health?: {
    readonly Status: HealthStatus
    readonly FailingStreak: number
    readonly Log: readonly HealthcheckResult[]
  }
}

export interface NetworkSettings {
  readonly Bridge: string
  readonly SandboxID: string
  readonly SandboxKey: string
  readonly HairpinMode: boolean
  readonly LinkLocalIPv6Address: string
  readonly LinkLocalIPv6PrefixLen: number
  /** `null` for a port that is exposed and not published. */
  readonly Ports: Readonly<Record<string, PortMap[string] | null>>
  readonly SecondaryIPAddresses: null
  readonly SecondaryIPv6Addresses: null
  readonly EndpointID: string
  readonly Gateway: string
  readonly GlobalIPv6Address: string
  readonly GlobalIPv6PrefixLen: number
  readonly IPAddress: string
  readonly IPPrefixLen: number
  readonly IPv6Gateway: string
  readonly MacAddress: string
  readonly Networks: Readonly<Record<string, EndpointView>>
}

/** GET /containers/{id}/json */
export interface ContainerInspect {
  readonly Id: string
  readonly Created: string
  readonly Path: string
  readonly Args: readonly string[]
  readonly State: ContainerState
  readonly Image: string
  readonly ResolvConfPath: string
  readonly HostnamePath: string
  readonly HostsPath: string
  readonly LogPath: string
  readonly Name: string
  readonly RestartCount: number
  readonly Driver: string
  readonly Platform: string
  readonly MountLabel: string
  readonly ProcessLabel: string
  readonly AppArmorProfile: string
  readonly ExecIDs: readonly string[] | null
  readonly HostConfig: Described<HostConfig>
  readonly GraphDriver: { readonly Name: string; readonly Data: Readonly<Record<string, string>> | null }
  readonly SizeRw?: number
  readonly SizeRootFs?: number
  readonly Mounts: readonly MountPoint[]
  readonly Config: Described<ContainerConfig>
  readonly NetworkSettings: NetworkSettings
}

/** POST /containers/{id}/wait */
export interface ContainerWaitResponse {
  readonly StatusCode: number
  readonly Error?: { readonly Message: string }
}

/** GET /containers/{id}/top */
export interface ContainerTop {
  readonly Titles: readonly string[]
  readonly Processes: readonly (readonly string[])[]
}

/** GET /containers/{id}/changes: 0 modified, 1 added, 2 deleted. */
export interface FilesystemChange {
  readonly Path: string
  readonly Kind: 0 | 1 | 2
}

/** POST /containers/prune */
export interface ContainerPruneResponse {
  readonly ContainersDeleted: readonly string[] | null
  readonly SpaceReclaimed: number
}

/** Header X-Docker-Container-Path-Stat of the archive calls: base64 of this as JSON. `mode` is Go's os.FileMode. */
export interface PathStat {
  readonly name: string
  readonly size: number
  readonly mode: number
  readonly mtime: string
  readonly linkTarget: string
}
