import { nameMap } from '../merge/forms.ts'
import { isNull, listNode, mapNode, type Node, scalarNode, scalarText, withEntry } from '../yaml/node.ts'
import { build } from './build.ts'
import { command, healthTest } from './command.ts'
import { device, deviceRequests, gpus } from './devices.ts'
import { fileReference, secretReference } from './file-references.ts'
import { type Handler, listOf, mapOf, object } from './handler.ts'
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
  text,
  textList,
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

const hook = object({ command, environment: variableMap, privileged: boolean, per_replica: boolean })

const providerOptions: Handler = mapOf(node => {
  const items = node.kind === 'list' ? node.items : [node]
  return listNode(items.map(asText), node.mark)
})

const rates = listOf(object({ rate: bytes }))

const resources = {
  limits: object({ cpus: float, memory: bytes, pids: integer }),
  reservations: object({ cpus: float, memory: bytes, devices: deviceRequests }),
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

/** The transports that name a file or folder count from the stack file's folder. */
const image: Handler = (node, { context }) => {
  const [, kind, path] =
    /^(rootfs|docker-archive|oci-archive|oci):(.+)$/s.exec(node.kind === 'scalar' ? String(node.value) : '') ?? []
  if (kind === undefined || path === undefined || context.isTemplate) return node
  return scalarNode(`${kind}:${absoluteHostPath(path, node, context)}`, node.mark)
}

const pullPolicy: Handler = node =>
  node.kind === 'scalar' && node.value === 'if_not_present' ? scalarNode('missing', node.mark) : node

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
    weight_device: listOf(object({ weight: integer })),
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
  cpu_shares: integer,
  cpus: float,
  depends_on: dependsOn,
  deploy: present(deploy),
  develop: present(
    object({
      watch: listOf(object({ path: hostPath, ignore: textList, include: textList, initial_sync: boolean, exec: hook })),
    }),
  ),
  devices: listOf(device),
  dns: textList,
  dns_opt: textList,
  dns_search: textList,
  entrypoint: command,
  env_file: envFile,
  environment: variableMap,
  expose: textList,
  extra_hosts: extraHosts,
  gpus,
  group_add: textList,
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
  pull_policy: pullPolicy,
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

function present(handler: Handler): Handler {
  return (node, spot) => (isNull(node) ? undefined : handler(node, spot))
}

function asText(node: Node): Node {
  return node.kind === 'scalar' ? scalarNode(scalarText(node.value), node.mark) : node
}
