import type { OomPolicy } from '../../schemas/api/berth.ts'
import type { Placement, Reservation } from './reservation.ts'

/** Where a value was written: 1-based line and column in a stack file. */
export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * A stack file with every default filled in, every short form resolved and every unit a number. Frozen; made by `buildProject`.
 * Keys of the records are the names of the stack file; order is sorted by name, so that the same stack gives the same bytes.
 */
export interface Project {
  readonly name: string
  /** Between the parts of names of containers and images: `_` is Compose 1's (`--compatibility`). */
  readonly separator: '-' | '_'
  readonly workingDir: string
  /** Absolute paths, in the order of merging; `-` for standard input. */
  readonly files: readonly string[]
  readonly services: Readonly<Record<string, Service>>
  /** Services that exist but whose profiles are not active. */
  readonly disabledServices: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, Network>>
  readonly volumes: Readonly<Record<string, Volume>>
  readonly secrets: Readonly<Record<string, FileSource>>
  readonly configs: Readonly<Record<string, FileSource>>
  readonly profiles: readonly string[]
  /** `DOCKER_DEFAULT_PLATFORM`: what images are pulled and built for where a service names no platform. */
  readonly defaultPlatform: string | undefined
  /** The merged, interpolated tree in Compose's canonical form: what `config` prints. */
  readonly canonical: Readonly<Record<string, unknown>>
  /** Position of the value at a path such as `services.web.image`; undefined for values that Berth filled in. */
  readonly positionOf: (path: string) => SourcePosition | undefined
}

export type ServiceName = string

export interface Service {
  readonly name: ServiceName
  readonly image: ImageSource | undefined
  /** Present when the service declares `build`; the resolved canonical block. */
  readonly build: Readonly<Record<string, unknown>> | undefined
  readonly pullPolicy: string | undefined
  /** `pull_policy: daily`, `weekly`, `every_12h`: the image is pulled again when it is older. */
  readonly pullPeriodMs: number | undefined
  /** `linux/arm64`, as written; for what is built, the default platform otherwise. */
  readonly platform: string | undefined
  readonly containerName: string | undefined
  /** 0 for what a provider stands for: it has no containers. */
  readonly scale: number
  /** A program that provides the service in place of containers. */
  readonly provider: Provider | undefined
  readonly profiles: readonly string[]
  readonly dependsOn: readonly Dependency[]

  readonly command: readonly string[] | undefined
  readonly entrypoint: readonly string[] | undefined
  /** null = take the value from the environment of the caller was asked for and it was not set: the variable is not passed. */
  readonly environment: Readonly<Record<string, string | null>>
  readonly workingDir: string | undefined
  readonly user: string | undefined
  readonly groupAdd: readonly string[]
  readonly hostname: string | undefined
  readonly domainname: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly stdinOpen: boolean
  readonly tty: boolean
  readonly init: boolean | undefined
  readonly stopSignal: string | undefined
  readonly stopGracePeriodMs: number | undefined
  readonly postStart: readonly Hook[]
  readonly preStop: readonly Hook[]
  readonly healthcheck: Healthcheck | undefined
  readonly restart: RestartPolicy
  readonly oom: OomPolicy | undefined
  readonly priority: number | undefined
  /** `attach: false` keeps a service's log out of an attached `up`. */
  readonly attach: boolean

  readonly networkMode: NetworkMode
  /** Only for `networkMode.kind === 'networks'`, highest priority first. */
  readonly networks: readonly ServiceNetwork[]
  readonly ports: readonly Port[]
  readonly expose: readonly string[]
  readonly extraHosts: readonly string[]
  readonly dns: readonly string[]
  readonly dnsSearch: readonly string[]
  readonly dnsOptions: readonly string[]
  readonly macAddress: string | undefined
  /** `SERVICE[:ALIAS]`, and `CONTAINER[:ALIAS]` of other projects. */
  readonly links: readonly string[]
  readonly externalLinks: readonly string[]

  readonly mounts: readonly Mount[]
  /** Path -> options, e.g. `/run` -> `size=1m,mode=1777`. */
  readonly tmpfs: Readonly<Record<string, string>>
  readonly secrets: readonly FileMount[]
  readonly configs: readonly FileMount[]
  readonly devices: readonly { readonly source: string; readonly target: string; readonly permissions: string }[]
  readonly shmSizeBytes: number | undefined
  readonly readOnly: boolean
  readonly volumesFrom: readonly string[]

  readonly resources: Resources
  /** Admission control: what the host must have left for each container. */
  readonly reservation: Reservation | undefined
  readonly placement: Placement | undefined
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>
  readonly sysctls: Readonly<Record<string, string>>
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly privileged: boolean
  readonly securityOpt: readonly string[]
  readonly cgroupParent: string | undefined
  readonly cgroup: string | undefined
  readonly ipc: string | undefined
  readonly pid: string | undefined
  readonly uts: string | undefined
  readonly usernsMode: string | undefined
  readonly runtime: string | undefined
  readonly isolation: string | undefined
  readonly storageOpt: Readonly<Record<string, string>>
  readonly logging:
    | { readonly driver: string | undefined; readonly options: Readonly<Record<string, string>> }
    | undefined

  /** What Compose would write into its label for this service. See config-hash.ts. */
  readonly configHash: string
  /** Absolute paths of its `label_file`, which are part of the hash. */
  readonly labelFiles?: readonly string[]
}

/** Options are given to the program as `--NAME=VALUE`, one for each value. */
export interface Provider {
  readonly type: string
  readonly options: Readonly<Record<string, readonly string[]>>
}

/** A command run inside a container, with its own user, folder and variables where it names them. */
export interface Hook {
  readonly command: readonly string[]
  readonly user: string | undefined
  readonly isPrivileged: boolean
  readonly workingDir: string | undefined
  readonly environment: Readonly<Record<string, string | null>>
}

/** A registry reference, or one of the transports that need no registry. `text` is what the stack file says. */
export type ImageSource =
  | { readonly kind: 'reference'; readonly text: string }
  | { readonly kind: 'rootfs'; readonly text: string; readonly path: string }
  | {
      readonly kind: 'archive'
      readonly text: string
      readonly transport: 'docker-archive' | 'oci-archive' | 'oci'
      readonly path: string
    }

export type DependencyCondition = 'service_started' | 'service_healthy' | 'service_completed_successfully'

export interface Dependency {
  readonly service: ServiceName
  readonly condition: DependencyCondition
  readonly restart: boolean
  readonly required: boolean
}

export type NetworkMode =
  | { readonly kind: 'networks' }
  | { readonly kind: 'none' }
  | { readonly kind: 'host' }
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'other'; readonly text: string }

export interface ServiceNetwork {
  /** Key in `Project.networks`. */
  readonly network: string
  readonly aliases: readonly string[]
  readonly ipv4Address: string | undefined
  readonly ipv6Address: string | undefined
  readonly linkLocalIps: readonly string[]
  readonly macAddress: string | undefined
  readonly priority: number
  readonly gatewayPriority: number
  readonly interfaceName: string | undefined
  readonly driverOpts: Readonly<Record<string, string>>
}

export interface Port {
  readonly target: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** '' = every address. */
  readonly hostIp: string
  /** '' = a free port; `8000-8005` = a free one of these. */
  readonly published: string
}

export interface Mount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster'
  /** Absolute host path, key in `Project.volumes`, or undefined for an anonymous volume. */
  readonly source: string | undefined
  readonly target: string
  readonly readOnly: boolean
  readonly bind?: {
    readonly propagation?: string
    readonly createHostPath: boolean
    readonly selinux?: string
    /** Show the owners on the disk as ids of the container. */
    readonly idmap?: boolean
    readonly recursive?: string
  }
  readonly volume?: {
    readonly nocopy: boolean
    readonly subpath?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly tmpfs?: { readonly sizeBytes?: number; readonly mode?: number }
  readonly image?: { readonly subpath?: string }
}

export interface Healthcheck {
  /** `[]` inherits the image's; `['NONE']` disables. */
  readonly test: readonly string[]
  readonly intervalMs: number | undefined
  readonly timeoutMs: number | undefined
  readonly startPeriodMs: number | undefined
  readonly startIntervalMs: number | undefined
  readonly retries: number | undefined
}

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'on-failure' | 'unless-stopped'
  readonly maxRetries: number
}

/** Bytes, and CPUs in units of 1e-9 CPU (NanoCpus), as the Engine API takes them. */
export interface Resources {
  readonly nanoCpus: number | undefined
  readonly cpuShares: number | undefined
  readonly cpuQuotaUs: number | undefined
  readonly cpuPeriodUs: number | undefined
  readonly cpuRealtimeRuntimeUs: number | undefined
  readonly cpuRealtimePeriodUs: number | undefined
  readonly cpuset: string | undefined
  readonly memoryBytes: number | undefined
  readonly memoryReservationBytes: number | undefined
  /** Memory plus swap; -1 = unlimited swap. */
  readonly memorySwapBytes: number | undefined
  readonly memorySwappiness: number | undefined
  readonly pidsLimit: number | undefined
  readonly oomKillDisable: boolean
  readonly oomScoreAdj: number | undefined
  readonly blkio: Readonly<Record<string, unknown>> | undefined
  readonly deviceCgroupRules: readonly string[]
  readonly deviceRequests: readonly Readonly<Record<string, unknown>>[]
}

export interface FileMount {
  /** Key in `Project.secrets` or `Project.configs`. */
  readonly source: string
  /** Absolute path in the container. */
  readonly target: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Where the content of a secret or config comes from. */
export type FileSource = { readonly key: string; readonly name: string } & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string; readonly value: string | undefined }
  | { readonly kind: 'content'; readonly content: string }
  | { readonly kind: 'external' }
)

export interface Network {
  readonly key: string
  /** Name in the engine, e.g. `shop_default`. */
  readonly name: string
  readonly isExternal: boolean
  readonly driver: string | undefined
  readonly driverOpts: Readonly<Record<string, string>>
  readonly isInternal: boolean
  readonly isAttachable: boolean
  readonly enableIpv4: boolean | undefined
  readonly enableIpv6: boolean | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly ipam: {
    readonly driver: string | undefined
    readonly options: Readonly<Record<string, string>>
    readonly config: readonly {
      readonly subnet?: string
      readonly gateway?: string
      readonly ipRange?: string
      readonly auxAddresses?: Readonly<Record<string, string>>
    }[]
  }
  readonly configHash: string
}

export interface Volume {
  readonly key: string
  readonly name: string
  readonly isExternal: boolean
  readonly driver: string | undefined
  readonly driverOpts: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly configHash: string
}
