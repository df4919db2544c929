import { BerthError } from '../../schemas/errors.ts'

/** What is put together while a line is read. */
export interface Draft {
  readonly service: Record<string, unknown>
  /** Named volumes and networks that the service refers to. */
  readonly volumes: Set<string>
  readonly networks: Set<string>
  /** What has no counterpart in a stack file, for the reader. */
  readonly notes: string[]
}

/** Takes one value of a flag; those without a value get `true` or `false`. */
export type FlagEffect = (draft: Draft, value: string) => void

export interface RunFlag {
  readonly names: readonly string[]
  readonly hasValue: boolean
  readonly effect: FlagEffect
}

const set =
  (key: string, convert: (value: string) => unknown = value => value): FlagEffect =>
  ({ service }, value) => {
    service[key] = convert(value)
  }
const add =
  (key: string, convert: (value: string) => unknown = value => value): FlagEffect =>
  ({ service }, value) => {
    service[key] = [...((service[key] as readonly unknown[] | undefined) ?? []), convert(value)]
  }
const put =
  (key: string, separator = '='): FlagEffect =>
  ({ service }, value) => {
    const at = value.indexOf(separator)
    const [name, text] = at < 0 ? [value, ''] : [value.slice(0, at), value.slice(at + 1)]
    service[key] = { ...(service[key] as Record<string, unknown> | undefined), [name]: text }
  }
const inside =
  (key: string, member: string, convert: (value: string) => unknown = value => value): FlagEffect =>
  ({ service }, value) => {
    service[key] = { ...(service[key] as Record<string, unknown> | undefined), [member]: convert(value) }
  }
const note =
  (text: string): FlagEffect =>
  ({ notes }) => {
    notes.push(text)
  }
const nothing: FlagEffect = () => {}

const value = (names: string, effect: FlagEffect): RunFlag => ({ names: names.split(' '), hasValue: true, effect })
const on = (names: string, effect: FlagEffect): RunFlag => ({
  names: names.split(' '),
  hasValue: false,
  effect: (draft, text) => {
    if (text === 'true') effect(draft, text)
  },
})
const yes = (): boolean => true

/** Flags of `docker run` (28.5), with what each is in a stack file. */
export const runFlags: readonly RunFlag[] = [
  value('--add-host', add('extra_hosts')),
  value('--annotation', put('annotations')),
  value('-a --attach', nothing),
  value('--blkio-weight', inside('blkio_config', 'weight', Number)),
  value('--cap-add', add('cap_add')),
  value('--cap-drop', add('cap_drop')),
  value('--cgroup-parent', set('cgroup_parent')),
  value('--cgroupns', set('cgroup')),
  value('--cidfile', note('--cidfile: "berth ps -q" prints the id')),
  value('--cpu-period', set('cpu_period')),
  value('--cpu-quota', set('cpu_quota')),
  value('--cpu-rt-period', set('cpu_rt_period')),
  value('--cpu-rt-runtime', set('cpu_rt_runtime')),
  value('-c --cpu-shares', set('cpu_shares', Number)),
  value('--cpus', set('cpus', Number)),
  value('--cpuset-cpus', set('cpuset')),
  on('-d --detach', nothing),
  value('--detach-keys', nothing),
  value('--device', add('devices')),
  value('--device-cgroup-rule', add('device_cgroup_rules')),
  on('--disable-content-trust', nothing),
  value('--dns', add('dns')),
  value('--dns-option --dns-opt', add('dns_opt')),
  value('--dns-search', add('dns_search')),
  value('--domainname', set('domainname')),
  value(
    '--entrypoint',
    set('entrypoint', text => (text === '' ? [] : [text])),
  ),
  value('-e --env', add('environment')),
  value('--env-file', add('env_file')),
  value('--expose', add('expose')),
  value('--gpus', set('gpus', gpus)),
  value('--group-add', add('group_add')),
  value(
    '--health-cmd',
    inside('healthcheck', 'test', text => ['CMD-SHELL', text]),
  ),
  value('--health-interval', inside('healthcheck', 'interval')),
  value('--health-retries', inside('healthcheck', 'retries', Number)),
  value('--health-start-interval', inside('healthcheck', 'start_interval')),
  value('--health-start-period', inside('healthcheck', 'start_period')),
  value('--health-timeout', inside('healthcheck', 'timeout')),
  value('-h --hostname', set('hostname')),
  on('--init', set('init', yes)),
  on('-i --interactive', set('stdin_open', yes)),
  value('--ip', nothing),
  value('--ipc', set('ipc')),
  value('-l --label', put('labels')),
  value('--label-file', add('label_file')),
  value('--link', add('external_links')),
  value('--log-driver', inside('logging', 'driver')),
  value('--log-opt', logOption),
  value('--mac-address', set('mac_address')),
  value('-m --memory', set('mem_limit')),
  value('--memory-reservation', set('mem_reservation')),
  value('--memory-swap', set('memswap_limit')),
  value('--memory-swappiness', set('mem_swappiness', Number)),
  value('--mount', mount),
  value('--name', set('container_name')),
  value('--network --net', network),
  value('--network-alias --net-alias', nothing),
  on('--no-healthcheck', inside('healthcheck', 'disable', yes)),
  on('--oom-kill-disable', set('oom_kill_disable', yes)),
  value('--oom-score-adj', set('oom_score_adj', Number)),
  value('--pid', set('pid')),
  value('--pids-limit', set('pids_limit', Number)),
  value('--platform', set('platform')),
  on('--privileged', set('privileged', yes)),
  value('-p --publish', add('ports')),
  on('-P --publish-all', note('-P: a stack file publishes ports by name; list them under "ports"')),
  value('--pull', set('pull_policy')),
  on('-q --quiet', nothing),
  on('--read-only', set('read_only', yes)),
  value('--restart', set('restart')),
  on('--rm', note('--rm: "berth down" removes the container; "berth run --rm" runs it once')),
  value('--runtime', set('runtime')),
  value('--security-opt', add('security_opt')),
  value('--shm-size', set('shm_size')),
  on('--sig-proxy', nothing),
  value('--stop-signal', set('stop_signal')),
  value(
    '--stop-timeout',
    set('stop_grace_period', seconds => `${seconds}s`),
  ),
  value('--storage-opt', put('storage_opt')),
  value('--sysctl', put('sysctls')),
  value('--tmpfs', add('tmpfs')),
  on('-t --tty', set('tty', yes)),
  value('--ulimit', ulimit),
  on('--use-api-socket', set('use_api_socket', yes)),
  value('-u --user', set('user')),
  value('--userns', set('userns_mode')),
  value('--uts', set('uts')),
  value('-v --volume', volume),
  value('--volume-driver', note('--volume-driver: set "driver" of the volume in the file')),
  value(
    '--volumes-from',
    add('volumes_from', name => `container:${name}`),
  ),
  value('-w --workdir', set('working_dir')),
]

function gpus(text: string): unknown {
  if (text === 'all') return 'all'
  const count = text.match(/^(?:count=)?(\d+)$/)?.[1]
  if (count !== undefined) return [{ count: Number(count) }]
  const ids = text.match(/^"?device=([^"]+)"?$/)?.[1]
  if (ids !== undefined) return [{ device_ids: ids.split(',') }]
  throw new BerthError('INVALID_ARGUMENT', `cannot read --gpus ${text}`, {
    hint: 'expected all, a number or device=ID',
  })
}

function logOption({ service }: Draft, text: string): void {
  const logging = (service['logging'] ?? {}) as { readonly options?: Readonly<Record<string, string>> }
  const at = text.indexOf('=')
  const [name, option] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  service['logging'] = { ...logging, options: { ...logging.options, [name]: option } }
}

/** `host`, `none`, `bridge` and `container:x` are modes; any other name is a network, which a run line takes as there is. */
function network({ service, networks }: Draft, text: string): void {
  if (/^(host|none|bridge|container:.*)$/.test(text)) {
    service['network_mode'] = text
    return
  }
  const name = text.match(/(?:^|,)name=([^,]+)/)?.[1] ?? text
  networks.add(name)
}

function ulimit({ service }: Draft, text: string): void {
  const [, name = '', soft, hard] = text.match(/^([a-z]+)=(-?\d+)(?::(-?\d+))?$/) ?? []
  if (soft === undefined)
    throw new BerthError('INVALID_ARGUMENT', `cannot read --ulimit ${text}`, { hint: 'expected name=soft[:hard]' })
  const limit = hard === undefined ? Number(soft) : { soft: Number(soft), hard: Number(hard) }
  service['ulimits'] = { ...(service['ulimits'] as Record<string, unknown> | undefined), [name]: limit }
}

/** `source:/target[:options]`; a source that is no path is a named volume. */
function volume(draft: Draft, text: string): void {
  const [source = '', target] = text.split(':')
  if (target !== undefined && !/^[./~]/.test(source)) draft.volumes.add(source)
  add('volumes')(draft, text)
}

/** `type=bind,source=/a,target=/b,readonly`. */
function mount(draft: Draft, text: string): void {
  const fields = new Map(
    text.split(',').map(field => {
      const at = field.indexOf('=')
      return at < 0 ? ([field, 'true'] as const) : ([field.slice(0, at), field.slice(at + 1)] as const)
    }),
  )
  const first = (...names: readonly string[]) => names.map(name => fields.get(name)).find(found => found !== undefined)
  const type = fields.get('type') ?? 'volume'
  const [source, target] = [first('source', 'src'), first('target', 'destination', 'dst')]
  if (target === undefined)
    throw new BerthError('INVALID_ARGUMENT', `--mount ${text} has no target`, { hint: 'add target=/path' })
  if (type === 'volume' && source !== undefined) draft.volumes.add(source)
  const isReadOnly = ['true', '1'].includes(first('readonly', 'ro') ?? '')
  const [propagation, size, subpath] = [first('bind-propagation'), first('tmpfs-size'), first('volume-subpath')]
  add('volumes')(draft, '')
  const list = draft.service['volumes'] as unknown[]
  list[list.length - 1] = {
    type,
    ...(source === undefined ? {} : { source }),
    target,
    ...(isReadOnly ? { read_only: true } : {}),
    ...(propagation === undefined ? {} : { bind: { propagation } }),
    ...(size === undefined ? {} : { tmpfs: { size } }),
    ...(subpath === undefined && first('volume-nocopy') === undefined
      ? {}
      : { volume: { ...(subpath && { subpath }), ...(first('volume-nocopy') && { nocopy: true }) } }),
  }
}
