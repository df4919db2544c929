import type { HealthConfig } from './container-create.ts'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly urls?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly platform?: {
    readonly architecture: string
    readonly os: string
    readonly 'os.version'?: string
    readonly 'os.features'?: readonly string[]
    readonly variant?: string
  }
  readonly artifactType?: string
}

/** What an image gives to its containers: the `config` member of an OCI image configuration. */
export interface ImageConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>
  readonly Env?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Healthcheck?: HealthConfig
  readonly ArgsEscaped?: boolean
  readonly Volumes?: Readonly<Record<string, Record<string, never>>> | null
  readonly WorkingDir?: string
  readonly Entrypoint?: readonly string[] | null
  readonly OnBuild?: readonly string[] | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly StopSignal?: string
  readonly Shell?: readonly string[]
}

/** GET /images/{name}/json */
export interface ImageInspect {
  readonly Id: string
  readonly Descriptor?: Descriptor
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  readonly Parent: string
  readonly Comment: string
  readonly Created?: string
  readonly DockerVersion: string
  readonly Author: string
  readonly Config: ImageConfig
  readonly Architecture: string
  readonly Variant?: string
  readonly Os: string
  readonly OsVersion?: string
  readonly Size: number
  readonly GraphDriver: { readonly Name: string; readonly Data: Readonly<Record<string, string>> | null }
  readonly RootFS: { readonly Type: string; readonly Layers?: readonly string[] }
  readonly Metadata: { readonly LastTagTime?: string }
}

/** GET /images/json */
export interface ImageSummary {
  readonly Id: string
  readonly ParentId: string
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  /** Seconds since 1970. */
  readonly Created: number
  readonly Size: number
  /** -1 when it was not asked for. */
  readonly SharedSize: number
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Containers: number
}

/** GET /images/{name}/history */
export interface ImageHistoryItem {
  readonly Id: string
  readonly Created: number
  readonly CreatedBy: string
  readonly Tags: readonly string[] | null
  readonly Size: number
  readonly Comment: string
}

/** DELETE /images/{name} answers a list of these. */
export interface ImageDeleteItem {
  readonly Untagged?: string
  readonly Deleted?: string
}

export interface ImagePruneResponse {
  readonly ImagesDeleted: readonly ImageDeleteItem[] | null
  readonly SpaceReclaimed: number
}

/** GET /images/search answers a list of these. */
export interface ImageSearchResult {
  readonly star_count: number
  readonly is_official: boolean
  readonly name: string
  readonly is_automated: boolean
  readonly description: string
}

/** One JSON line of POST /images/create, /images/load, /images/{name}/push and /build. */
export interface ProgressMessage {
  readonly id?: string
  readonly status?: string
  readonly stream?: string
  readonly progress?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly code?: number; readonly message: string }
  readonly aux?: Readonly<Record<string, unknown>>
}

/** Answer of POST /build/prune. */
export interface BuildPruneResponse {
  readonly CachesDeleted: readonly string[] | null
  readonly SpaceReclaimed: number
}
