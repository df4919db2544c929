import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import { booleanFilter, type Filters, matchesAny, matchesLabels } from '../http/filters.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { describeMounts, describeStatus } from './describe.ts'
import { measureContainer } from './sizes.ts'
import { isUp } from './state.ts'

export const listFilters = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'label',
  'name',
  'network',
].concat(['isolation', 'publish', 'since', 'status', 'volume'])

export interface ListOptions {
  /** Those that do not run too; a status filter implies it, as dockerd. */
  readonly all: boolean
  /** Newest ones only; 0 = no limit. */
  readonly limit: number
  readonly filters: Filters
}

/** GET /containers/json, newest first. */
export const listContainers = (context: ContainerContext, options: ListOptions): readonly ContainerSummary[] =>
  selectContainers(context, options).map(container => summarize(context, container, context.clock.now()))

/** The same with SizeRw and SizeRootFs: each container's writable layer is walked. */
export function listWithSizes(
  context: ContainerContext,
  options: ListOptions,
  signal: AbortSignal,
): Promise<readonly ContainerSummary[]> {
  return Promise.all(
    selectContainers(context, options).map(async container => ({
      ...summarize(context, container, context.clock.now()),
      ...(await measureContainer(context, container, signal)),
    })),
  )
}

function selectContainers(context: ContainerContext, options: ListOptions): readonly Container[] {
  const { filters } = options
  checkFilters(filters)
  const includesDown = options.all || options.limit > 0 || filters.has('status')
  const bounds = {
    before: boundOf(context, filters, 'before'),
    since: boundOf(context, filters, 'since'),
  }
  const matching = context.registry
    .list()
    .filter(container => includesDown || isUp(container.state) || container.state.status === 'restarting')
    .filter(container => matches(context, container, filters))
    .filter(({ record }) => bounds.before === undefined || record.createdAt < bounds.before)
    .filter(({ record }) => bounds.since === undefined || record.createdAt > bounds.since)
    .sort((a, b) => (a.record.createdAt < b.record.createdAt ? 1 : -1))
  return options.limit > 0 ? matching.slice(0, options.limit) : matching
}

const statuses: readonly string[] = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']
const healths: readonly string[] = ['none', 'starting', 'healthy', 'unhealthy']

/** Refuses values that nothing can have, in dockerd's words. */
function checkFilters(filters: Filters): void {
  checkWords(filters, 'status', 'state', statuses)
  checkWords(filters, 'health', 'health', healths)
  for (const code of filters.get('exited') ?? []) {
    if (/^-?\d+$/.test(code)) continue
    const why = `strconv.Atoi: parsing ${JSON.stringify(code)}: invalid syntax`
    throw new BerthError('INVALID_ARGUMENT', `invalid filter 'exited=${code}': ${why}`)
  }
  booleanFilter(filters, 'is-task')
}

function checkWords(filters: Filters, name: string, what: string, words: readonly string[]): void {
  for (const value of filters.get(name) ?? []) {
    if (words.includes(value)) continue
    const why = `invalid value for ${what} (${value}): must be one of ${words.join(', ')}`
    throw new BerthError('INVALID_ARGUMENT', `invalid filter '${name}=${value}': ${why}`)
  }
}

function boundOf(context: ContainerContext, filters: Filters, name: 'before' | 'since'): string | undefined {
  const reference = filters.get(name)?.[0]
  return reference === undefined ? undefined : context.registry.get(reference).record.createdAt
}

function matches(context: ContainerContext, container: Container, filters: Filters): boolean {
  if (filters.size === 0) return true
  const { record, state, live } = container
  return (
    matchesLabels(record.config.Labels ?? {}, filters) &&
    matchesAny(filters, 'id', value => record.id.startsWith(value)) &&
    matchesAny(filters, 'name', value => matchesName(record.name, value)) &&
    matchesAny(filters, 'status', value => state.status === value) &&
    matchesAny(filters, 'exited', value => state.status === 'exited' && state.exitCode === Number(value)) &&
    matchesAny(filters, 'health', value => (live.health?.status ?? 'none') === value) &&
    matchesAny(filters, 'ancestor', value => isAncestor(record, value)) &&
    matchesAny(filters, 'volume', value =>
      record.mounts.some(mount => mount.target === value || mountSource(mount) === value),
    ) &&
    matchesAny(filters, 'network', value =>
      Object.entries(context.networks.endpoints(record.id)).some(
        ([name, endpoint]) => name === value || (endpoint.NetworkID ?? '').startsWith(value),
      ),
    ) &&
    matchesAny(filters, 'publish', value => matchesPort(context, record.id, value, 'PublicPort')) &&
    matchesAny(filters, 'expose', value => matchesPort(context, record.id, value, 'PrivatePort')) &&
    booleanFilter(filters, 'is-task') !== true
  )
}

const mountSource = (mount: Container['record']['mounts'][number]): string =>
  mount.kind === 'volume' ? mount.name : mount.kind === 'image' ? mount.reference : mount.source

/** dockerd matches a regular expression against the name with and without its slash. */
function matchesName(name: string, pattern: string): boolean {
  if (name === pattern || `/${name}` === pattern) return true
  try {
    const expression = new RegExp(pattern)
    return expression.test(name) || expression.test(`/${name}`)
  } catch {
    return false
  }
}

const isAncestor = (record: Container['record'], value: string): boolean => {
  const named = record.config.Image ?? ''
  const id = record.image.id.replace(/^sha256:/, '')
  return (
    named === value ||
    named === `${value}:latest` ||
    record.image.reference === value ||
    id.startsWith(value.replace(/^sha256:/, ''))
  )
}

function matchesPort(
  context: ContainerContext,
  id: string,
  value: string,
  member: 'PublicPort' | 'PrivatePort',
): boolean {
  const [range = '', protocol = 'tcp'] = value.split('/')
  const [from = '', to = from] = range.split('-')
  return context.networks
    .ports(id)
    .some(port => port.Type === protocol && (port[member] ?? -1) >= Number(from) && (port[member] ?? -1) <= Number(to))
}

/** As dockerd shows it: what has a space is in quotes, the program itself is not. */
const shownCommand = ([program = '', ...args]: readonly string[]): string =>
  [program, ...args.map(arg => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ')

/** The name that it was made from, or the image's id when that name means another image by now, or none. */
function shownImage(context: ContainerContext, { config, image }: Container['record']): string {
  const name = config.Image ?? ''
  return context.images.isNameOf(name, image.id) ? name : image.id
}

function summarize(context: ContainerContext, container: Container, now: number): ContainerSummary {
  const { record, state } = container
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: shownImage(context, record),
    ImageID: record.image.id,
    Command: shownCommand(record.args),
    Created: Math.floor(Date.parse(record.createdAt) / 1000),
    Ports: context.networks.ports(record.id),
    Labels: record.config.Labels ?? {},
    State: state.status,
    Status: describeStatus(container, now),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode ?? '' },
    NetworkSettings: { Networks: context.networks.endpoints(record.id) },
    Mounts: describeMounts(context, container),
  }
}

/** A Unix time in seconds, an RFC 3339 time, or a Go duration before now; as milliseconds. */
export function untilTime(text: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  const durations: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
  if (/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) {
    let total = 0
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
      total += Number(amount) * (durations[unit ?? ''] ?? 0)
    return now - total
  }
  const time = Date.parse(text)
  if (Number.isNaN(time)) {
    throw new BerthError('INVALID_ARGUMENT', `failed to parse value as time or duration: "${text}"`)
  }
  return time
}
