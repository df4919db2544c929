/** GET /version */
export interface SystemVersion {
  readonly Platform: { readonly Name: string }
  readonly Components: readonly {
    readonly Name: string
    readonly Version: string
    readonly Details?: Readonly<Record<string, string>>
  }[]
  readonly Version: string
  readonly ApiVersion: string
  readonly MinAPIVersion: string
  readonly GitCommit: string
  readonly GoVersion: string
  readonly Os: string
  readonly Arch: string
  readonly KernelVersion: string
  readonly Experimental?: boolean
  readonly BuildTime?: string
}

/** GET /info. Members that Berth does not have are still there with their empty values: clients read them without asking. */
export interface SystemInfo {
  readonly ID: string
  readonly Containers: number
  readonly ContainersRunning: number
  readonly ContainersPaused: number
  readonly ContainersStopped: number
  readonly Images: number
  readonly Driver: string
  readonly DriverStatus: readonly (readonly [string, string])[]
  readonly DockerRootDir: string
  readonly Plugins: {
    readonly Volume: readonly string[]
    readonly Network: readonly string[]
    readonly Authorization: readonly string[] | null
    readonly Log: readonly string[]
  }
  readonly MemoryLimit: boolean
  readonly SwapLimit: boolean
  readonly KernelMemoryTCP?: boolean
  readonly CpuCfsPeriod: boolean
  readonly CpuCfsQuota: boolean
  readonly CPUShares: boolean
  readonly CPUSet: boolean
  readonly PidsLimit: boolean
  readonly OomKillDisable: boolean
  readonly IPv4Forwarding: boolean
  readonly Debug: boolean
  readonly NFd: number
  readonly NGoroutines: number
  readonly SystemTime: string
  readonly LoggingDriver: string
  readonly CgroupDriver: 'cgroupfs' | 'systemd' | 'none'
  readonly CgroupVersion: '1' | '2'
  readonly NEventsListener: number
  readonly KernelVersion: string
  readonly OperatingSystem: string
  readonly OSVersion: string
  readonly OSType: string
  readonly Architecture: string
  readonly NCPU: number
  readonly MemTotal: number
  readonly IndexServerAddress: string
  /** What publishes ports and masquerades. */
  readonly FirewallBackend: { readonly Driver: string }
  readonly RegistryConfig: {
    readonly InsecureRegistryCIDRs: readonly string[]
    readonly IndexConfigs: Readonly<Record<string, unknown>>
    readonly Mirrors: readonly string[] | null
  }
  readonly GenericResources: readonly unknown[] | null
  readonly HttpProxy: string
  readonly HttpsProxy: string
  readonly NoProxy: string
  readonly Name: string
  readonly Labels: readonly string[]
  readonly ExperimentalBuild: boolean
  readonly ServerVersion: string
  readonly Runtimes: Readonly<
    Record<string, { readonly path: string; readonly runtimeArgs?: readonly string[] | undefined }>
  >
  readonly DefaultRuntime: string
  readonly Swarm: {
    readonly NodeID: string
    readonly NodeAddr: string
    readonly LocalNodeState: string
    readonly ControlAvailable: boolean
    readonly Error: string
    readonly RemoteManagers: null
  }
  readonly LiveRestoreEnabled: boolean
  readonly Isolation: string
  readonly InitBinary: string
  readonly ContainerdCommit: { readonly ID: string }
  readonly RuncCommit: { readonly ID: string }
  readonly InitCommit: { readonly ID: string }
  readonly SecurityOptions: readonly string[]
  readonly DefaultAddressPools?: readonly { readonly Base: string; readonly Size: number }[]
  readonly CDISpecDirs?: readonly string[] | null
  readonly Warnings: readonly string[] | null
}

/** GET /system/df */
export interface DiskUsage {
  readonly LayersSize: number
  readonly Images: readonly unknown[]
  readonly Containers: readonly unknown[]
  readonly Volumes: readonly unknown[]
  readonly BuildCache: readonly unknown[]
}
