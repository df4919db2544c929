import { createHash } from 'node:crypto'
import { resourceJson } from '../load/render-json.ts'
import { type Attributes, attributes } from './attributes.ts'

/**
 * The hashes of docker compose 2.40 (pkg/compose/hash.go): sha256 over the JSON of the resource as Go writes it. With them in our labels
 * `docker compose up` finds our containers, networks and volumes as it would have made them, and we find its own.
 */
type Section = 'services' | 'networks' | 'volumes'

/** What may change without making a container anew: how to get the image, how many, after what. */
const outsideContainer = ['build', 'pull_policy', 'scale', 'depends_on', 'profiles']

/** `own` is the canonical form; `label_file`, whose labels are in `own` already, is part of what Compose hashes. */
export function serviceHash(own: Attributes, labelFiles: readonly string[]): string {
  const service: Record<string, unknown> = { ...own }
  for (const key of outsideContainer) delete service[key]
  if (own['deploy'] !== undefined) {
    const { replicas: _, ...deploy } = attributes(own['deploy'])
    service['deploy'] = deploy
  }
  if (labelFiles.length > 0) service['label_file'] = labelFiles
  return hash('services', service)
}

export const networkHash = (own: Attributes): string => hash('networks', own)

/** A volume without a driver is a local one. */
export const volumeHash = (own: Attributes): string => hash('volumes', { ...own, driver: own['driver'] ?? 'local' })

function hash(section: Section, own: Attributes): string {
  const json = goJson(resourceJson(section, own), fieldOrder[section])
  return createHash('sha256').update(json).digest('hex')
}

/** Names of a struct's fields in the order of its declaration; of those that are structs themselves, their own. */
interface Fields {
  readonly order: readonly string[]
  /** By name; `*` is any key of a map or item of a list. */
  readonly below?: Readonly<Record<string, Fields>>
}

/** JSON without blanks, fields in the order of their struct, keys of maps sorted, and `<`, `>` and `&` escaped, as Go's encoding/json does. */
function goJson(value: unknown, fields: Fields | undefined): string {
  if (Array.isArray(value)) return `[${value.map(item => goJson(item, fields?.below?.['*'])).join(',')}]`
  if (typeof value !== 'object' || value === null) return escaped(JSON.stringify(value) ?? 'null')
  const members = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([one], [other]) => rank(fields, one) - rank(fields, other) || (one < other ? -1 : 1))
    .map(
      ([key, each]) => `${escaped(JSON.stringify(key))}:${goJson(each, fields?.below?.[key] ?? fields?.below?.['*'])}`,
    )
  return `{${members.join(',')}}`
}

function rank(fields: Fields | undefined, key: string): number {
  const index = fields?.order.indexOf(key) ?? 0
  return index === -1 ? Number.MAX_SAFE_INTEGER : index
}

function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const struct = (order: string, below: Readonly<Record<string, Fields>> = {}): Fields => ({
  order: order.split(' '),
  below,
})
const each = (fields: Fields): Fields => ({ order: [], below: { '*': fields } })

const rolling = struct('parallelism delay failure_action monitor max_failure_ratio order')
const deviceRequest = struct('capabilities driver count device_ids options')
const resource = struct('cpus memory pids devices generic_resources', { devices: each(deviceRequest) })
const fileReference = struct('source target uid gid mode')
const hook = struct('command user privileged working_dir environment')

/** compose-go 2.9, types package. Structs whose fields stand in the order of the alphabet need no entry. */
const service = struct(
  'profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup cpu_count cpu_percent cpu_period ' +
    'cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs container_name credential_spec depends_on deploy ' +
    'device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname entrypoint provider environment env_file expose extends ' +
    'external_links extra_hosts group_add gpus hostname healthcheck image init ipc isolation labels label_file links logging mem_limit ' +
    'mem_reservation memswap_limit mem_swappiness mac_address models network_mode networks oom_kill_disable oom_score_adj pid pids_limit ' +
    'platform ports privileged pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period ' +
    'stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir post_start pre_stop',
  {
    blkio_config: struct('weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops'),
    configs: each(fileReference),
    credential_spec: struct('config file registry'),
    deploy: struct(
      'mode replicas labels update_config rollback_config resources restart_policy placement endpoint_mode',
      {
        update_config: rolling,
        rollback_config: rolling,
        resources: struct('limits reservations', { limits: resource, reservations: resource }),
        placement: struct('constraints preferences max_replicas_per_node'),
      },
    ),
    develop: struct('watch', {
      watch: each(struct('path action target exec ignore include initial_sync', { exec: hook })),
    }),
    devices: each(struct('source target permissions')),
    gpus: each(deviceRequest),
    healthcheck: struct('test timeout interval retries start_period start_interval disable'),
    ports: each(struct('name mode host_ip target published protocol app_protocol')),
    post_start: each(hook),
    pre_stop: each(hook),
    provider: struct('type options'),
    secrets: each(fileReference),
    ulimits: each(struct('soft hard')),
    volumes: each(
      struct('type source target read_only consistency bind volume tmpfs image', {
        bind: struct('selinux propagation create_host_path recursive'),
        tmpfs: struct('size mode'),
      }),
    ),
  },
)

const fieldOrder: Readonly<Record<Section, Fields>> = {
  services: service,
  networks: struct('name driver driver_opts ipam external internal attachable labels enable_ipv4 enable_ipv6', {
    ipam: struct('driver config', { config: each(struct('subnet gateway ip_range aux_addresses')) }),
  }),
  volumes: struct('name driver driver_opts external labels'),
}
