import * as z from 'zod/mini'
import { field, flag, integer, text, textMap, texts } from './field.ts'

/** `80/tcp` -> where it is published; an empty list publishes nothing, an empty HostPort asks for a free port. */
export const portMap = z.record(
  z.string(),
  z.pipe(
    z.nullable(z.array(z.object({ HostIp: field(text), HostPort: field(text) }))),
    z.transform((bindings: { HostIp?: string | undefined; HostPort?: string | undefined }[] | null) =>
      (bindings ?? []).map(binding => ({ HostIp: binding.HostIp ?? '', HostPort: binding.HostPort ?? '' })),
    ),
  ),
)

export const restartPolicy = z.object({ Name: field(text), MaximumRetryCount: field(integer) })

export const mount = z.object({
  /** `bind`, `volume`, `image` or `tmpfs`. */
  Type: field(text),
  Source: field(text),
  Target: field(text),
  ReadOnly: field(flag),
  Consistency: field(text),
  BindOptions: field(
    z.object({
      Propagation: field(text),
      NonRecursive: field(flag),
      CreateMountpoint: field(flag),
      ReadOnlyNonRecursive: field(flag),
      ReadOnlyForceRecursive: field(flag),
    }),
  ),
  VolumeOptions: field(
    z.object({
      NoCopy: field(flag),
      Labels: field(textMap),
      Subpath: field(text),
      DriverConfig: field(z.object({ Name: field(text), Options: field(textMap) })),
    }),
  ),
  ImageOptions: field(z.object({ Subpath: field(text) })),
  TmpfsOptions: field(z.object({ SizeBytes: field(integer), Mode: field(integer), Options: field(z.array(texts)) })),
})

const throttleDevices = z.array(z.object({ Path: text, Rate: integer }))

/** Limits, which POST /containers/{id}/update can change too. Times in microseconds, sizes in bytes, NanoCpus in 1e-9 CPU. */
const resourceFields = {
  CpuShares: field(integer),
  Memory: field(integer),
  CgroupParent: field(text),
  BlkioWeight: field(integer),
  BlkioWeightDevice: field(z.array(z.object({ Path: text, Weight: integer }))),
  BlkioDeviceReadBps: field(throttleDevices),
  BlkioDeviceWriteBps: field(throttleDevices),
  BlkioDeviceReadIOps: field(throttleDevices),
  BlkioDeviceWriteIOps: field(throttleDevices),
  CpuPeriod: field(integer),
  CpuQuota: field(integer),
  CpuRealtimePeriod: field(integer),
  CpuRealtimeRuntime: field(integer),
  CpusetCpus: field(text),
  CpusetMems: field(text),
  Devices: field(z.array(z.object({ PathOnHost: text, PathInContainer: field(text), CgroupPermissions: field(text) }))),
  DeviceCgroupRules: field(texts),
  DeviceRequests: field(
    z.array(
      z.object({
        Driver: field(text),
        Count: field(integer),
        DeviceIDs: field(texts),
        Capabilities: field(z.array(texts)),
        Options: field(textMap),
      }),
    ),
  ),
  KernelMemoryTCP: field(integer),
  MemoryReservation: field(integer),
  /** Memory plus swap; -1 is unlimited swap. */
  MemorySwap: field(integer),
  MemorySwappiness: field(integer),
  NanoCpus: field(integer),
  OomKillDisable: field(flag),
  Init: field(flag),
  /** 0 and -1 are unlimited. */
  PidsLimit: field(integer),
  Ulimits: field(z.array(z.object({ Name: text, Soft: integer, Hard: integer }))),
} as const

export const hostConfig = z.object({
  ...resourceFields,
  /** `source:/target[:options]`. */
  Binds: field(texts),
  ContainerIDFile: field(text),
  LogConfig: field(z.object({ Type: field(text), Config: field(textMap) })),
  /** `bridge`, `host`, `none`, `container:<name or id>` or a network's name or id. */
  NetworkMode: field(text),
  PortBindings: field(portMap),
  RestartPolicy: field(restartPolicy),
  AutoRemove: field(flag),
  VolumeDriver: field(text),
  VolumesFrom: field(texts),
  Mounts: field(z.array(mount)),
  ConsoleSize: field(z.array(integer)),
  Annotations: field(textMap),
  CapAdd: field(texts),
  CapDrop: field(texts),
  CgroupnsMode: field(text),
  Dns: field(texts),
  DnsOptions: field(texts),
  DnsSearch: field(texts),
  ExtraHosts: field(texts),
  GroupAdd: field(texts),
  IpcMode: field(text),
  Cgroup: field(text),
  Links: field(texts),
  OomScoreAdj: field(integer),
  PidMode: field(text),
  Privileged: field(flag),
  PublishAllPorts: field(flag),
  ReadonlyRootfs: field(flag),
  SecurityOpt: field(texts),
  StorageOpt: field(textMap),
  /** Path -> mount options. */
  Tmpfs: field(textMap),
  UTSMode: field(text),
  UsernsMode: field(text),
  ShmSize: field(integer),
  Sysctls: field(textMap),
  Runtime: field(text),
  Isolation: field(text),
  MaskedPaths: field(texts),
  ReadonlyPaths: field(texts),
})

/** Body of POST /containers/{id}/update. */
export const containerUpdateRequest = z.object({ ...resourceFields, RestartPolicy: field(restartPolicy) })

export type PortMap = z.output<typeof portMap>
export type RestartPolicySpec = z.output<typeof restartPolicy>
export type MountSpec = z.output<typeof mount>
export type HostConfig = z.output<typeof hostConfig>
export type ContainerUpdateRequest = z.output<typeof containerUpdateRequest>

export interface ContainerUpdateResponse {
  readonly Warnings: readonly string[] | null
}
