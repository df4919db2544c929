import type { ContainerConfig } from '../../schemas/api/container-create.ts'
import type { Described } from '../../schemas/api/containers.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'

/** What dockerd shows for members that nobody set, in its order; those that are not here appear only when they are set. */
const hostConfigDefaults = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: null,
  NetworkMode: '',
  PortBindings: null,
  RestartPolicy: null,
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: '',
  Dns: null,
  DnsOptions: null,
  DnsSearch: null,
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: '',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 0,
  Runtime: '',
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: null,
  BlkioDeviceReadBps: null,
  BlkioDeviceWriteBps: null,
  BlkioDeviceReadIOps: null,
  BlkioDeviceWriteIOps: null,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: null,
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  MaskedPaths: null,
  ReadonlyPaths: null,
} satisfies { [Member in keyof HostConfig]?: unknown } & Record<string, unknown>

/** HostConfig as inspect shows it: every member that clients read without asking is there. */
export const describeHostConfig = (config: HostConfig): Described<HostConfig> => ({
  ...hostConfigDefaults,
  ...defined(config),
  PortBindings: config.PortBindings ?? null,
})

/** Config as inspect shows it. */
export function describeConfig(config: ContainerConfig): Described<ContainerConfig> {
  const { ExposedPorts = {}, Volumes = {}, Env = [] } = config
  return {
    Hostname: '',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ...(Object.keys(ExposedPorts).length === 0 ? {} : { ExposedPorts }),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    ...defined({ ...config, ExposedPorts: undefined }),
    Env: Env.length === 0 ? null : Env,
    Cmd: config.Cmd ?? null,
    Volumes: Object.keys(Volumes).length === 0 ? null : Volumes,
    Entrypoint: config.Entrypoint ?? null,
    OnBuild: config.OnBuild ?? null,
    Labels: config.Labels ?? {},
  }
}

/** Without the members that are not set, so that they hide no default. */
function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>
}
