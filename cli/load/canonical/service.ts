import { nameMap } from '../merge/forms.ts'
import { isNull, listNode, mapNode, type Node, scalarNode, scalarText, withEntry } from '../yaml/node.ts'
import { build } from './build.ts'
import { command, healthTest } from './command.ts'
import { device, deviceRequests, gpus } from './devices.ts'
import { fileReference, secretReference } from './file-references.ts'
import { fail, type Handler, listOf, mapOf, object } from './handler.ts'
import { extraHosts } from './hosts.ts'
import { mount } from './mounts.ts'
import { oom } from './oom.ts'
import { absoluteHostPath, hostPath } from './paths.ts'
import { ports } from './ports.ts'
import {
  boolean,
  bytes,
  bytesOrUnlimited,
  count,
  duration,
  float,
  integer,
  microseconds,
  text,
  textList,
  textListOfWholeNumbers,
  textMap,
  variableMap,
} from './scalars.ts'
import { ulimits } from './ulimits.ts'

const dependsOn: Handler = (node, spot) =>
  mapOf(dependency => {
    if (dependency.kind !== 'map' || dependency.entries.has('required')) return dependency
    return withEntry(dependency, 'required', scalarNode(true, dependency.mark))
  })(nameMap(node, 'dependencies'), spot)

const networks: Handler = (node, spot) =>
  mapOf(object({ driver_opts: textMap, priority: integer, gw_priority: integer }))(nameMap(node, 'names'), spot)

const envFile: Handler = (node, spot) => {
  const list = node.kind === 'list' ? node : listNode([node], node.mark)
  return listOf((item, at) => {
    const { mark } = item
    const long = item.kind === 'map' ? item : mapNode(new Map([['path', { mark, value: item }]]), mark)
    const complete = long.entries.has('required') ? long : withEntry(long, 'required', scalarNode(true, mark))
    return object({ path: hostPath, required: boolean })(complete, at)
  })(list, spot)
}

const hook = object({
  // Unlike that of a service, it is printed also when it is null.
  command: (node, spot) => command(node, spot) ?? (isNull(node) ? node : undefined),
  environment: variableMap,
  privileged: boolean,
  per_replica: boolean,
})

const providerOptions: Handler = mapOf((node, { context }) => {
  if (context.isTemplate) return node
  const items = node.kind === 'list' ? node.items : [node]
  return items.length === 0 ? undefined : listNode(items.map(asText), node.mark)
})

/** Bytes or operations per second; a rate is printed also when it is 0. */
const rate: Handler = (node, spot) => {
  const result = bytes(node, spot)
  return result?.kind === 'scalar' && result.value === 0 ? scalarNode('0', result.mark) : result
}

const rates = listOf(withDefaults({ path: '', rate: '0' }, object({ rate })))
const weights = listOf(withDefaults({ path: '', weight: 0 }, object({ weight: integer })))

const genericResource = object({
  discrete_resource_spec: withDefaults({ kind: '', value: 0 }, object({ value: integer })),
})

const resources = {
  limits: object({ cpus: float, memory: bytes, pids: integer }),
  reservations: object({
    cpus: float,
    memory: bytes,
    devices: deviceRequests,
    generic_resources: listOf(genericResource),
  }),
}
const rolling = object({ parallelism: count, delay: duration, monitor: duration, max_failure_ratio: float })

const deploy = object({
  replicas: count,
  labels: textMap,
  update_config: rolling,
  rollback_config: rolling,
  resources: object(resources),
  restart_policy: object({ delay: duration, max_attempts: count, window: duration }),
  placement: object({ max_replicas_per_node: count }),
})

const watchedPath: Handler = (node, spot) => {
  const isBlank = node.kind === 'scalar' && node.value === ''
  return isBlank ? fail(node, spot, { code: 'wrong-value', message: 'a path to watch is empty' }) : hostPath(node, spot)
}

/** The transports that name a file or folder count from the stack file's folder. */
const image: Handler = (node, { context }) => {
  const [, kind, path] =
    /^(rootfs|docker-archive|oci-archive|oci):(.+)$/s.exec(node.kind === 'scalar' ? String(node.value) : '') ?? []
  if (kind === undefined || path === undefined || context.isTemplate) return node
  return scalarNode(`${kind}:${absoluteHostPath(path, node, context)}`, node.mark)
}

/** Canonical form of each attribute of a service; those not named stay as they are written. */
export const service = object({
  annotations: textMap,
  attach: boolean,
  blkio_config: object({
    weight: integer,
    device_read_bps: rates,
    device_read_iops: rates,
    device_write_bps: rates,
    device_write_iops: rates,
    weight_device: weights,
  }),
  build,
  cap_add: textList,
  cap_drop: textList,
  command,
  configs: listOf(fileReference),
  cpu_count: integer,
  cpu_percent: float,
  cpu_period: integer,
  cpu_quota: integer,
  cpu_rt_period: microseconds,
  cpu_rt_runtime: microseconds,
  cpu_shares: integer,
  cpus: float,
  depends_on: dependsOn,
  deploy: present(deploy),
  develop: present(
    object({
      watch: listOf(
        object({ path: watchedPath, ignore: textList, include: textList, initial_sync: boolean, exec: hook }),
      ),
    }),
  ),
  devices: listOf(device),
  dns: (node, spot) => withoutEmpty(textList(node, { ...spot, context: { ...spot.context, isTemplate: false } })),
  dns_opt: textList,
  dns_search: textList,
  entrypoint: command,
  env_file: envFile,
  environment: variableMap,
  expose: textListOfWholeNumbers,
  extra_hosts: extraHosts,
  gpus,
  group_add: textListOfWholeNumbers,
  healthcheck: object({
    test: healthTest,
    disable: boolean,
    interval: duration,
    timeout: duration,
    start_period: duration,
    start_interval: duration,
    retries: count,
  }),
  image,
  init: boolean,
  label_file: (node, spot) => {
    const list = textList(node, spot)
    return list === undefined ? undefined : listOf(hostPath)(list, spot)
  },
  labels: textMap,
  logging: object({ options: textMap }),
  mem_limit: bytesOrUnlimited,
  mem_reservation: bytes,
  mem_swappiness: bytes,
  memswap_limit: bytesOrUnlimited,
  models: node => nameMap(node, 'names'),
  networks,
  oom_kill_disable: boolean,
  oom_score_adj: integer,
  pids_limit: integer,
  ports,
  post_start: listOf(hook),
  pre_start: listOf(hook),
  pre_stop: listOf(hook),
  privileged: boolean,
  profiles: textList,
  provider: object({ options: providerOptions }),
  read_only: boolean,
  scale: count,
  secrets: listOf(secretReference),
  shm_size: bytes,
  stdin_open: boolean,
  stop_grace_period: duration,
  storage_opt: textMap,
  sysctls: textMap,
  tmpfs: textList,
  tty: boolean,
  ulimits,
  user: text,
  volumes: listOf(mount),
  'x-hardened': boolean,
  'x-oom': oom,
})

/** What Compose prints of a structure also where nothing was written. */
function withDefaults(values: Readonly<Record<string, string | number>>, handler: Handler): Handler {
  return (node, spot) => {
    const result = handler(node, spot)
    if (result?.kind !== 'map') return result
    const missing = Object.entries(values).filter(([key]) => !result.entries.has(key))
    return missing.reduce((map, [key, value]) => withEntry(map, key, scalarNode(value, map.mark)), result)
  }
}

function present(handler: Handler): Handler {
  return (node, spot) => (isNull(node) ? (spot.context.isTemplate ? node : undefined) : handler(node, spot))
}

/** Compose drops the addresses that are empty, and only those; its list is one in a template too. */
function withoutEmpty(node: Node | undefined): Node | undefined {
  if (node?.kind !== 'list') return node
  return listNode(
    node.items.filter(item => item.kind !== 'scalar' || item.value !== ''),
    node.mark,
  )
}

function asText(node: Node): Node {
  return node.kind === 'scalar' ? scalarNode(scalarText(node.value), node.mark) : node
}
