import type { Mount, Port, Project, Service, ServiceNetwork } from '../model/project.ts'

/** Values as JSON has them; object keys are the stack file's own, so that a path in a spec is a path in the stack file. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type ServiceSpec = Readonly<Record<string, Json>>

/** Label with the spec that a container was made from. Berth's own: `docker compose` does not look at it. */
export const specLabel = 'berth.spec'

/** sha256 of the content of each secret and config that a service uses, as `secret:KEY` and `config:KEY`. */
export type FileDigests = Readonly<Record<string, string>>

/**
 * Everything that a container of the service is made from, in one canonical value: same service, same JSON text, whatever the order of keys
 * in the file. What is not set is left out, so a later version that knows more attributes gives the same spec for the same file.
 * What only steers Berth (depends_on, scale, profiles, build, pull_policy) is not in it; nor is the content of secrets, only its digest.
 */
export function serviceSpec(project: Project, service: Service, digests: FileDigests): ServiceSpec {
  const { resources } = service
  const fields: Record<string, Json | undefined> = {
    image: service.image?.text ?? builtImageName(project, service),
    command: service.command,
    entrypoint: service.entrypoint,
    environment: sorted(service.environment, value => value ?? undefined),
    working_dir: service.workingDir,
    user: service.user,
    group_add: list(service.groupAdd),
    hostname: service.hostname,
    domainname: service.domainname,
    container_name: service.containerName,
    labels: sorted(service.labels),
    annotations: sorted(service.annotations),
    stdin_open: service.stdinOpen || undefined,
    tty: service.tty || undefined,
    init: service.init,
    stop_signal: service.stopSignal,
    stop_grace_period: milliseconds(service.stopGracePeriodMs),
    healthcheck: healthSpec(service),
    restart: restartSpec(service),
    'x-oom': service.oom && (service.oom as unknown as Json),
    'x-priority': service.priority,
    platform: service.platform,
    network_mode: networkModeSpec(service),
    networks: keyed(service.networks, network => [networkName(project, network), networkSpec(network)]),
    ports: list(service.ports.map(portText)),
    expose: list([...service.expose].sort()),
    extra_hosts: list(service.extraHosts),
    dns: list(service.dns),
    dns_search: list(service.dnsSearch),
    dns_opt: list(service.dnsOptions),
    mac_address: service.macAddress,
    links: list([...service.links].sort()),
    external_links: list([...service.externalLinks].sort()),
    volumes: keyed(service.mounts, mount => [mount.target, mountSpec(project, mount)]),
    tmpfs: sorted(service.tmpfs),
    secrets: filesSpec('secret', service.secrets, digests),
    configs: filesSpec('config', service.configs, digests),
    devices: list(service.devices.map(({ source, target, permissions }) => `${source}:${target}:${permissions}`)),
    shm_size: service.shmSizeBytes,
    read_only: service.readOnly || undefined,
    volumes_from: list(service.volumesFrom),
    cpus: resources.nanoCpus === undefined ? undefined : resources.nanoCpus / 1e9,
    cpu_shares: resources.cpuShares,
    cpu_quota: resources.cpuQuotaUs,
    cpu_period: resources.cpuPeriodUs,
    cpu_rt_runtime: resources.cpuRealtimeRuntimeUs,
    cpu_rt_period: resources.cpuRealtimePeriodUs,
    cpuset: resources.cpuset,
    mem_limit: resources.memoryBytes,
    mem_reservation: resources.memoryReservationBytes,
    cpu_reservation: service.reservation?.cpus,
    memswap_limit: resources.memorySwapBytes,
    mem_swappiness: resources.memorySwappiness,
    pids_limit: resources.pidsLimit,
    oom_kill_disable: resources.oomKillDisable || undefined,
    oom_score_adj: resources.oomScoreAdj,
    blkio_config: resources.blkio as Json | undefined,
    device_cgroup_rules: list(resources.deviceCgroupRules),
    gpus: list(resources.deviceRequests as readonly Json[]),
    ulimits: sorted(service.ulimits, ({ soft, hard }) => (soft === hard ? soft : { soft, hard })),
    sysctls: sorted(service.sysctls),
    cap_add: list([...service.capAdd].sort()),
    cap_drop: list([...service.capDrop].sort()),
    privileged: service.privileged || undefined,
    security_opt: list(service.securityOpt),
    cgroup_parent: service.cgroupParent,
    cgroup: service.cgroup,
    ipc: service.ipc,
    pid: service.pid,
    uts: service.uts,
    userns_mode: service.usernsMode,
    runtime: service.runtime,
    isolation: service.isolation,
    storage_opt: sorted(service.storageOpt),
    logging: service.logging && {
      ...(service.logging.driver !== undefined && { driver: service.logging.driver }),
      options: sorted(service.logging.options) ?? {},
    },
  }
  const spec: Record<string, Json> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) spec[key] = value
  return spec
}

/** What Compose calls the image of a service that is built and has no `image`. */
export const builtImageName = (project: Project, service: Service): string =>
  `${project.name}${project.separator}${service.name}`

/** `127.0.0.1:8080:80/udp`; only the target for a port that is not published. */
export function portText(port: Port): string {
  const suffix = port.protocol === 'tcp' ? '' : `/${port.protocol}`
  const host = port.hostIp === '' ? '' : `${port.hostIp.includes(':') ? `[${port.hostIp}]` : port.hostIp}:`
  return `${host}${port.published === '' && host === '' ? '' : `${port.published}:`}${port.target}${suffix}`
}

const networkName = (project: Project, network: ServiceNetwork): string =>
  project.networks[network.network]?.name ?? network.network

function networkSpec(network: ServiceNetwork): Json {
  return compact({
    aliases: list(network.aliases),
    ipv4_address: network.ipv4Address,
    ipv6_address: network.ipv6Address,
    link_local_ips: list(network.linkLocalIps),
    mac_address: network.macAddress,
    gw_priority: network.gatewayPriority || undefined,
    interface_name: network.interfaceName,
    driver_opts: sorted(network.driverOpts),
  })
}

function networkModeSpec(service: Service): Json | undefined {
  const mode = service.networkMode
  switch (mode.kind) {
    case 'networks':
      return undefined
    case 'none':
    case 'host':
      return mode.kind
    case 'service':
      return `service:${mode.service}`
    case 'container':
      return `container:${mode.container}`
    case 'other':
      return mode.text
    default:
      return mode satisfies never
  }
}

function mountSpec(project: Project, mount: Mount): Json {
  const source =
    mount.type === 'volume' && mount.source !== undefined
      ? (project.volumes[mount.source]?.name ?? mount.source)
      : mount.source
  return compact({
    type: mount.type,
    source,
    read_only: mount.readOnly || undefined,
    bind: mount.bind && compact({ ...mount.bind, createHostPath: mount.bind.createHostPath || undefined }),
    volume:
      mount.volume &&
      compact({ ...mount.volume, nocopy: mount.volume.nocopy || undefined, labels: sorted(mount.volume.labels ?? {}) }),
    tmpfs: mount.tmpfs && compact({ ...mount.tmpfs }),
    image: mount.image && compact({ ...mount.image }),
  })
}

function healthSpec(service: Service): Json | undefined {
  const check = service.healthcheck
  if (check === undefined) return undefined
  return compact({
    test: list(check.test),
    interval: milliseconds(check.intervalMs),
    timeout: milliseconds(check.timeoutMs),
    start_period: milliseconds(check.startPeriodMs),
    start_interval: milliseconds(check.startIntervalMs),
    retries: check.retries,
  })
}

function restartSpec(service: Service): Json | undefined {
  const { name, maxRetries } = service.restart
  if (name === 'no') return undefined
  return name === 'on-failure' && maxRetries > 0 ? `on-failure:${maxRetries}` : name
}

function filesSpec(kind: 'secret' | 'config', files: Service['secrets'], digests: FileDigests): Json | undefined {
  return keyed(files, file => {
    const { target, uid, gid, mode } = file
    const digest = digests[`${kind}:${file.source}`]
    return [
      file.source,
      compact({ target, uid, gid, mode: mode.toString(8).padStart(4, '0'), content: digest && `sha256:${digest}` }),
    ]
  })
}

const milliseconds = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${value}ms`)
const list = <Item extends Json>(items: readonly Item[]): readonly Item[] | undefined =>
  items.length === 0 ? undefined : items

function compact(fields: Readonly<Record<string, Json | undefined>>): Json {
  const kept: Record<string, Json> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value
  return kept
}

/** A map with its keys in order; undefined when empty. */
function sorted<Value>(
  map: Readonly<Record<string, Value>>,
  toJson: (value: Value) => Json | undefined = value => value as Json,
): Json | undefined {
  const entries: [string, Json][] = []
  for (const key of Object.keys(map).sort()) {
    const value = toJson(map[key] as Value)
    if (value !== undefined) entries.push([key, value])
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function keyed<Item>(items: readonly Item[], entryOf: (item: Item) => readonly [string, Json]): Json | undefined {
  return sorted(Object.fromEntries(items.map(entryOf)))
}
