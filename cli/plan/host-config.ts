import type { HostConfig, MountSpec, PortMap } from '../../schemas/api/host-config.ts'
import { serviceOf } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'
import { bindsAndMounts } from './mounts.ts'

/** The HostConfig of a service's container: everything of it that is about the host. */
export function hostConfigOf(
  project: Project,
  service: Service,
  inheritedVolumes: Readonly<Record<string, string>>,
): HostConfig {
  const { binds, mounts } = bindsAndMounts(project, service, inheritedVolumes)
  const set = definedOnly({
    Binds: list(binds),
    Mounts: list<MountSpec>(mounts),
    Tmpfs: map(service.tmpfs),
    NetworkMode: networkMode(project, service),
    PortBindings: portBindings(service),
    RestartPolicy: { Name: service.restart.name, MaximumRetryCount: service.restart.maxRetries },
    VolumesFrom: list(service.volumesFrom.map(entry => volumesFromEntry(project, entry))),
    CapAdd: list(service.capAdd),
    CapDrop: list(service.capDrop),
    Dns: list(service.dns),
    DnsOptions: list(service.dnsOptions),
    DnsSearch: list(service.dnsSearch),
    ExtraHosts: list(service.extraHosts),
    GroupAdd: list(service.groupAdd),
    IpcMode: sharedMode(project, service.ipc),
    PidMode: sharedMode(project, service.pid),
    UTSMode: service.uts,
    UsernsMode: service.usernsMode,
    CgroupnsMode: service.cgroup,
    CgroupParent: service.cgroupParent,
    Privileged: service.privileged || undefined,
    ReadonlyRootfs: service.readOnly || undefined,
    SecurityOpt: list(service.securityOpt),
    StorageOpt: map(service.storageOpt),
    Sysctls: map(service.sysctls),
    ShmSize: service.shmSizeBytes,
    Runtime: service.runtime,
    Isolation: service.isolation,
    Init: service.init,
    Annotations: map(service.annotations),
    LogConfig: service.logging && { Type: service.logging.driver ?? '', Config: { ...service.logging.options } },
    Ulimits: list(Object.entries(service.ulimits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard }))),
    Devices: list(
      service.devices.map(({ source, target, permissions }) => ({
        PathOnHost: source,
        PathInContainer: target,
        CgroupPermissions: permissions,
      })),
    ),
  })
  return { ...set, ...resourceLimits(service) }
}

function resourceLimits({ resources }: Service): HostConfig {
  return definedOnly({
    NanoCpus: resources.nanoCpus,
    CpuShares: resources.cpuShares,
    CpuQuota: resources.cpuQuotaUs,
    CpuPeriod: resources.cpuPeriodUs,
    CpuRealtimeRuntime: resources.cpuRealtimeRuntimeUs,
    CpuRealtimePeriod: resources.cpuRealtimePeriodUs,
    CpusetCpus: resources.cpuset,
    Memory: resources.memoryBytes,
    MemoryReservation: resources.memoryReservationBytes,
    MemorySwap: resources.memorySwapBytes,
    MemorySwappiness: resources.memorySwappiness,
    PidsLimit: resources.pidsLimit,
    OomKillDisable: resources.oomKillDisable || undefined,
    OomScoreAdj: resources.oomScoreAdj,
    DeviceCgroupRules: list(resources.deviceCgroupRules),
    DeviceRequests: list(resources.deviceRequests.map(deviceRequest)),
    ...(resources.blkio && blkioLimits(resources.blkio)),
  })
}

function portBindings(service: Service): PortMap | undefined {
  const bindings: PortMap = {}
  for (const { target, protocol, hostIp, published } of service.ports) {
    const key = `${target}/${protocol}`
    bindings[key] = [...(bindings[key] ?? []), { HostIp: hostIp, HostPort: published }]
  }
  return service.ports.length === 0 ? undefined : bindings
}

function networkMode(project: Project, service: Service): string {
  const mode = service.networkMode
  switch (mode.kind) {
    case 'networks': {
      const first = service.networks[0]
      return first === undefined ? 'none' : (project.networks[first.network]?.name ?? first.network)
    }
    case 'none':
    case 'host':
      return mode.kind
    case 'service':
      return `container:${firstContainerOf(project, mode.service)}`
    case 'container':
      return `container:${mode.container}`
    case 'other':
      return mode.text
    default:
      return mode satisfies never
  }
}

/** `service:db` names a service, the engine wants a container: its first one. */
function firstContainerOf(project: Project, service: string): string {
  return project.services[service]?.containerName ?? [project.name, service, 1].join(project.separator)
}

function sharedMode(project: Project, mode: string | undefined): string | undefined {
  const service = serviceOf(mode)
  return service === undefined ? mode : `container:${firstContainerOf(project, service)}`
}

function volumesFromEntry(project: Project, entry: string): string {
  if (entry.startsWith('container:')) return entry.slice('container:'.length)
  const [service = entry, mode] = entry.split(':')
  return mode === undefined ? firstContainerOf(project, service) : `${firstContainerOf(project, service)}:${mode}`
}

function deviceRequest(request: Readonly<Record<string, unknown>>): NonNullable<HostConfig['DeviceRequests']>[number] {
  const count = request['count']
  return definedOnly({
    Driver: request['driver'] as string | undefined,
    Count: count === 'all' ? -1 : (count as number | undefined),
    DeviceIDs: request['device_ids'] as string[] | undefined,
    Capabilities: request['capabilities'] === undefined ? undefined : [request['capabilities'] as string[]],
    Options: request['options'] as Record<string, string> | undefined,
  })
}

/** `blkio_config` of the stack file, whose rates are already numbers. */
function blkioLimits(blkio: Readonly<Record<string, unknown>>): HostConfig {
  const rates = (key: string): { Path: string; Rate: number }[] | undefined =>
    (blkio[key] as { path: string; rate: number }[] | undefined)?.map(({ path, rate }) => ({
      Path: path,
      Rate: Number(rate),
    }))
  const weights = blkio['weight_device'] as { path: string; weight: number }[] | undefined
  return definedOnly({
    BlkioWeight: blkio['weight'] as number | undefined,
    BlkioWeightDevice: weights?.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates('device_read_bps'),
    BlkioDeviceWriteBps: rates('device_write_bps'),
    BlkioDeviceReadIOps: rates('device_read_iops'),
    BlkioDeviceWriteIOps: rates('device_write_iops'),
  })
}

const list = <Item>(items: readonly Item[]): Item[] | undefined => (items.length === 0 ? undefined : [...items])
const map = <Value>(values: Readonly<Record<string, Value>>): Record<string, Value> | undefined =>
  Object.keys(values).length === 0 ? undefined : { ...values }

/** Without the members that are undefined: what is not set is not sent. */
function definedOnly<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields
}
