import { durationMs } from '../../schemas/stack/duration.ts'
import { type Attributes, attributes, list, mapValues, number, text, textMap, texts } from './attributes.ts'
import { dependencies } from './dependencies.ts'
import { hardened } from './hardened.ts'
import { healthcheck, milliseconds } from './healthcheck.ts'
import { hooks } from './hooks.ts'
import { imageSource } from './image.ts'
import { fileMounts, mounts, tmpfsMounts } from './mounts.ts'
import { networkMode, serviceNetworks } from './networks.ts'
import { oomPolicy } from './oom.ts'
import { ports } from './ports.ts'
import type { Service } from './project.ts'
import { provider } from './provider.ts'
import { placementOf, reservationOf } from './reservation.ts'
import { resources, ulimits } from './resources.ts'
import { restartPolicy } from './restart.ts'

/** A service of the canonical tree as the rest of Berth sees it; everything but its hash. */
export function serviceOf(name: string, own: Attributes): Omit<Service, 'configHash'> {
  const service = { ...identity(name, own), ...process(own), ...network(own), ...files(own), ...confinement(own) }
  return own['x-hardened'] === true ? hardened(service) : service
}

function identity(name: string, own: Attributes) {
  const deploy = attributes(own['deploy'])
  return {
    name,
    image: imageSource(own['image']),
    build: own['build'] === undefined ? undefined : attributes(own['build']),
    pullPolicy: text(own['pull_policy']),
    pullPeriodMs: pullPeriodMs(own),
    platform: text(own['platform']),
    containerName: text(own['container_name']),
    scale: own['provider'] === undefined ? (number(own['scale']) ?? number(deploy['replicas']) ?? 1) : 0,
    provider: provider(own['provider']),
    profiles: texts(own['profiles']),
    dependsOn: dependencies(own['depends_on']),
  } satisfies Partial<Service>
}

function process(own: Attributes) {
  return {
    command: optionalTexts(own['command']),
    entrypoint: optionalTexts(own['entrypoint']),
    environment: mapValues(own['environment'], value => (value === null ? null : String(value))),
    workingDir: text(own['working_dir']),
    user: text(own['user']),
    groupAdd: texts(own['group_add']),
    hostname: text(own['hostname']),
    domainname: text(own['domainname']),
    labels: textMap(own['labels']),
    annotations: textMap(own['annotations']),
    stdinOpen: own['stdin_open'] === true,
    tty: own['tty'] === true,
    init: typeof own['init'] === 'boolean' ? own['init'] : undefined,
    stopSignal: text(own['stop_signal']),
    stopGracePeriodMs: milliseconds(own['stop_grace_period']),
    postStart: hooks(own['post_start']),
    preStop: hooks(own['pre_stop']),
    healthcheck: healthcheck(own['healthcheck']),
    restart: restartPolicy(own['restart'], own['deploy']),
    oom: oomPolicy(own['x-oom']),
    priority: number(own['x-priority']),
    attach: own['attach'] !== false,
  } satisfies Partial<Service>
}

function network(own: Attributes) {
  return {
    networkMode: networkMode(own['network_mode']),
    networks: serviceNetworks(own['networks']),
    ports: ports(own['ports']),
    expose: texts(own['expose']),
    // `host=address` in the file, `host:address` in the Engine API.
    extraHosts: texts(own['extra_hosts']).map(line => line.replace('=', ':')),
    dns: texts(own['dns']),
    dnsSearch: texts(own['dns_search']),
    dnsOptions: texts(own['dns_opt']),
    macAddress: text(own['mac_address']),
    links: texts(own['links']),
    externalLinks: texts(own['external_links']),
  } satisfies Partial<Service>
}

function files(own: Attributes) {
  return {
    mounts: mounts(own['volumes']),
    tmpfs: tmpfsMounts(own['tmpfs']),
    secrets: fileMounts(own['secrets'], '/run/secrets'),
    configs: fileMounts(own['configs'], ''),
    devices: list(own['devices']).map(device),
    shmSizeBytes: number(own['shm_size']),
    readOnly: own['read_only'] === true,
    volumesFrom: texts(own['volumes_from']),
  } satisfies Partial<Service>
}

function confinement(own: Attributes) {
  return {
    resources: resources(own),
    reservation: reservationOf(attributes(own['deploy'])),
    placement: placementOf(attributes(own['deploy'])),
    ulimits: ulimits(own['ulimits']),
    sysctls: textMap(own['sysctls']),
    capAdd: texts(own['cap_add']),
    capDrop: texts(own['cap_drop']),
    privileged: own['privileged'] === true,
    securityOpt: texts(own['security_opt']),
    cgroupParent: text(own['cgroup_parent']),
    cgroup: text(own['cgroup']),
    ipc: text(own['ipc']),
    pid: text(own['pid']),
    uts: text(own['uts']),
    usernsMode: text(own['userns_mode']),
    runtime: text(own['runtime']),
    isolation: text(own['isolation']),
    storageOpt: textMap(own['storage_opt']),
    logging: own['logging'] === undefined ? undefined : logging(own['logging']),
  } satisfies Partial<Service>
}

function logging(value: unknown): Service['logging'] {
  const { driver, options } = attributes(value)
  return { driver: text(driver), options: textMap(options) }
}

function device(value: unknown): Service['devices'][number] {
  const { source, target, permissions } = attributes(value)
  const path = text(source) ?? ''
  return { source: path, target: text(target) ?? path, permissions: text(permissions) ?? 'rwm' }
}

/** undefined = time does not matter. `refresh` takes the time from `pull_refresh_after`. */
function pullPeriodMs(own: Attributes): number | undefined {
  const policy = text(own['pull_policy']) ?? ''
  if (policy === 'daily') return durationMs('1d')
  if (policy === 'weekly') return durationMs('1w')
  if (policy.startsWith('every_')) return durationMs(policy.slice('every_'.length))
  return policy === 'refresh' ? milliseconds(own['pull_refresh_after']) : undefined
}

function optionalTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? texts(value) : undefined
}
