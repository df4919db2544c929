import * as z from 'zod/mini'
import { buildSchema } from './build.ts'
import { deploySchema } from './deploy.ts'
import { mountSchema } from './mounts.ts'
import { oomSchema } from './oom.ts'
import {
  anyNumber,
  commandLine,
  fileReference,
  flag,
  gpuRequest,
  hook,
  hostList,
  listOrMap,
  options,
  resourceName,
  scalar,
  text,
  textList,
  textOrList,
  textOrNumberList,
  ulimits,
  uniqueListOrMap,
  uniqueTextList,
  uniqueTextOrList,
  uniqueTextOrNumberList,
  wholeNumber,
} from './shapes.ts'

const dependency = z.strictObject({
  restart: z.optional(flag),
  required: z.optional(z.boolean()),
  condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
})

const serviceNetwork = z.strictObject({
  aliases: z.optional(textList),
  interface_name: z.optional(text),
  ipv4_address: z.optional(text),
  ipv6_address: z.optional(text),
  link_local_ips: z.optional(textList),
  mac_address: z.optional(text),
  driver_opts: z.optional(options),
  priority: z.optional(z.number()),
  gw_priority: z.optional(z.number()),
})

const port = z.union([
  z.number(),
  z.string(),
  z.strictObject({
    name: z.optional(text),
    mode: z.optional(text),
    host_ip: z.optional(text),
    target: z.optional(wholeNumber),
    published: z.optional(wholeNumber),
    protocol: z.optional(text),
    app_protocol: z.optional(text),
  }),
])

const healthcheck = z.strictObject({
  disable: z.optional(flag),
  interval: z.optional(text),
  retries: z.optional(anyNumber),
  test: z.optional(textOrList),
  timeout: z.optional(text),
  start_period: z.optional(text),
  start_interval: z.optional(text),
})

const deviceRate = z.array(z.strictObject({ path: z.optional(text), rate: z.optional(wholeNumber) }))

const blkio = z.strictObject({
  device_read_bps: z.optional(deviceRate),
  device_read_iops: z.optional(deviceRate),
  device_write_bps: z.optional(deviceRate),
  device_write_iops: z.optional(deviceRate),
  weight: z.optional(wholeNumber),
  weight_device: z.optional(z.array(z.strictObject({ path: z.optional(text), weight: z.optional(wholeNumber) }))),
})

const watch = z.strictObject({
  path: text,
  action: z.enum(['rebuild', 'sync', 'restart', 'sync+restart', 'sync+exec']),
  ignore: z.optional(uniqueTextOrList),
  include: z.optional(uniqueTextOrList),
  target: z.optional(text),
  exec: z.optional(hook),
  initial_sync: z.optional(z.boolean()),
})

const provider = z.strictObject({
  type: text,
  options: z.optional(
    z.record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))]),
    ),
  ),
})

const pullPolicy = /^(?:always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$/

/** `services.*`: every attribute of the Compose specification (2.9 and what 2.13 added), and Berth's own `x-` ones. */
export const serviceSchema = z.strictObject({
  annotations: z.optional(listOrMap),
  attach: z.optional(flag),
  blkio_config: z.optional(blkio),
  build: z.optional(buildSchema),
  cap_add: z.optional(textList),
  cap_drop: z.optional(textList),
  cgroup: z.optional(z.enum(['host', 'private'])),
  cgroup_parent: z.optional(text),
  command: z.optional(commandLine),
  configs: z.optional(z.array(fileReference)),
  container_name: z.optional(text.check(z.regex(/[a-zA-Z0-9][a-zA-Z0-9_.-]+/))),
  cpu_count: z.optional(z.union([z.string(), z.int().check(z.minimum(0))])),
  cpu_percent: z.optional(z.union([z.string(), z.number().check(z.minimum(0), z.maximum(100))])),
  cpu_period: z.optional(anyNumber),
  cpu_quota: z.optional(anyNumber),
  cpu_rt_period: z.optional(anyNumber),
  cpu_rt_runtime: z.optional(anyNumber),
  cpu_shares: z.optional(anyNumber),
  cpus: z.optional(anyNumber),
  cpuset: z.optional(text),
  credential_spec: z.optional(
    z.strictObject({ config: z.optional(text), file: z.optional(text), registry: z.optional(text) }),
  ),
  depends_on: z.optional(z.union([uniqueTextList, z.record(resourceName, dependency)])),
  deploy: z.optional(deploySchema),
  develop: z.optional(z.nullable(z.strictObject({ watch: z.optional(z.array(watch)) }))),
  device_cgroup_rules: z.optional(uniqueTextList),
  devices: z.optional(
    z.array(
      z.union([z.string(), z.strictObject({ source: text, target: z.optional(text), permissions: z.optional(text) })]),
    ),
  ),
  dns: z.optional(textOrList),
  dns_opt: z.optional(textList),
  dns_search: z.optional(textOrList),
  domainname: z.optional(text),
  entrypoint: z.optional(commandLine),
  env_file: z.optional(
    z.union([
      z.string(),
      z.array(
        z.union([z.string(), z.strictObject({ path: text, format: z.optional(text), required: z.optional(flag) })]),
      ),
    ]),
  ),
  environment: z.optional(listOrMap),
  expose: z.optional(textOrNumberList),
  extends: z.optional(z.union([z.string(), z.strictObject({ service: text, file: z.optional(text) })])),
  external_links: z.optional(uniqueTextList),
  extra_hosts: z.optional(hostList),
  gpus: z.optional(z.union([z.enum(['all']), z.array(gpuRequest)])),
  group_add: z.optional(uniqueTextOrNumberList),
  healthcheck: z.optional(healthcheck),
  hostname: z.optional(text),
  image: z.optional(text),
  init: z.optional(flag),
  ipc: z.optional(text),
  isolation: z.optional(text),
  label_file: z.optional(textOrList),
  labels: z.optional(listOrMap),
  links: z.optional(textList),
  logging: z.optional(
    z.strictObject({
      driver: z.optional(text),
      options: z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
    }),
  ),
  mac_address: z.optional(text),
  mem_limit: z.optional(anyNumber),
  mem_reservation: z.optional(wholeNumber),
  mem_swappiness: z.optional(wholeNumber),
  memswap_limit: z.optional(anyNumber),
  models: z.optional(
    z.union([
      textList,
      z.record(
        resourceName,
        z.nullable(z.strictObject({ endpoint_var: z.optional(text), model_var: z.optional(text) })),
      ),
    ]),
  ),
  network_mode: z.optional(text),
  networks: z.optional(z.union([uniqueTextList, z.record(resourceName, z.nullable(serviceNetwork))])),
  oom_kill_disable: z.optional(flag),
  oom_score_adj: z.optional(z.union([z.string(), z.int().check(z.minimum(-1000), z.maximum(1000))])),
  pid: z.optional(z.nullable(text)),
  pids_limit: z.optional(anyNumber),
  platform: z.optional(text),
  ports: z.optional(z.array(port)),
  post_start: z.optional(z.array(hook)),
  pre_stop: z.optional(z.array(hook)),
  pre_start: z.optional(
    z.array(
      z.strictObject({
        command: z.optional(commandLine),
        image: z.optional(text),
        user: z.optional(text),
        privileged: z.optional(flag),
        working_dir: z.optional(text),
        environment: z.optional(uniqueListOrMap),
        per_replica: z.optional(flag),
      }),
    ),
  ),
  privileged: z.optional(flag),
  profiles: z.optional(textList),
  provider: z.optional(provider),
  pull_policy: z.optional(text.check(z.regex(pullPolicy))),
  pull_refresh_after: z.optional(text),
  read_only: z.optional(flag),
  restart: z.optional(text),
  runtime: z.optional(text),
  scale: z.optional(wholeNumber),
  secrets: z.optional(z.array(fileReference)),
  security_opt: z.optional(uniqueTextList),
  shm_size: z.optional(anyNumber),
  stdin_open: z.optional(flag),
  stop_grace_period: z.optional(text),
  stop_signal: z.optional(text),
  storage_opt: z.optional(z.record(z.string(), scalar)),
  sysctls: z.optional(listOrMap),
  tmpfs: z.optional(textOrList),
  tty: z.optional(flag),
  ulimits: z.optional(ulimits),
  use_api_socket: z.optional(z.boolean()),
  user: z.optional(text),
  userns_mode: z.optional(text),
  uts: z.optional(text),
  volumes: z.optional(z.array(mountSchema)),
  volumes_from: z.optional(uniqueTextList),
  working_dir: z.optional(text),
  'x-hardened': z.optional(flag),
  'x-oom': z.optional(oomSchema),
  'x-priority': z.optional(z.int()),
})
