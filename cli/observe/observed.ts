import type { ContainerStatus } from '../../schemas/api/containers.ts'
import type { Reservation } from '../model/reservation.ts'

/** What is there, of one project, at one moment. Frozen plain values: tests write them by hand. */
export interface Observed {
  readonly project: string
  readonly engine: { readonly isBerth: boolean; readonly apiVersion: string }
  /** Every container with the project's label, one-off ones too, sorted by service and number. */
  readonly containers: readonly ObservedContainer[]
  /** By name in the engine. */
  readonly networks: Readonly<Record<string, ObservedNetwork>>
  readonly volumes: Readonly<Record<string, ObservedVolume>>
  /** By reference as the stack file says it; a reference that is not here is not in the engine. */
  readonly images: Readonly<Record<string, ObservedImage>>
  /** Only known where the plan needs it: a service reserves something, or says where it is to run. */
  readonly host?: ObservedHost
}

export interface ObservedHost {
  readonly id: string
  readonly hostname: string
  /** `linux` */
  readonly os: string
  /** `x86_64` */
  readonly architecture: string
  /** The engine's own. */
  readonly labels: Readonly<Record<string, string>>
  readonly cpus: number
  readonly memoryBytes: number
  /** Of every running container that has one. */
  readonly reservations: readonly (Reservation & { readonly project: string; readonly service: string })[]
}

export interface ObservedContainer {
  readonly id: string
  readonly name: string
  readonly service: string
  readonly number: number
  readonly isOneOff: boolean
  readonly state: ContainerStatus
  /** Only known where the plan needs it (jobs that have ended). */
  readonly exitCode: number | undefined
  readonly image: string
  readonly imageId: string
  readonly labels: Readonly<Record<string, string>>
  /** Network name -> id. */
  readonly networks: Readonly<Record<string, string>>
  readonly mounts: readonly ObservedMount[]
  readonly createdAtSeconds: number
}

export interface ObservedMount {
  readonly type: string
  /** Volume name, for volumes. */
  readonly name: string | undefined
  readonly source: string
  readonly target: string
}

export interface ObservedNetwork {
  readonly id: string
  readonly name: string
  readonly driver: string
  readonly isInternal: boolean
  readonly isAttachable: boolean
  readonly enableIpv6: boolean
  readonly options: Readonly<Record<string, string>>
  readonly ipam: readonly {
    readonly subnet: string | undefined
    readonly gateway: string | undefined
    readonly ipRange: string | undefined
  }[]
  readonly labels: Readonly<Record<string, string>>
}

export interface ObservedVolume {
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export interface ObservedImage {
  readonly id: string
  /** Since the engine got it under this name; only known where the plan needs it (`pull_policy: daily` and the like). */
  readonly ageMs?: number
  /** `linux/amd64`, in its one spelling; only known where a service names a platform. */
  readonly platform?: string
}
