import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { NetworkRequest } from './attachments.ts'
import { endpointProblems, isHardwareAddress } from './check-endpoint.ts'
import type { EndpointWish } from './endpoints.ts'
import { parseLink } from './links.ts'
import { parsePortKey, publishedPorts } from './ports.ts'
import { throwProblems } from './problems.ts'
import { isUserDriver, type NetworkRecord } from './record.ts'

export type Mode =
  | { readonly kind: 'host' }
  | { readonly kind: 'none' }
  | { readonly kind: 'container'; readonly container: string }
  /** `main` is undefined while the container was disconnected from all. */
  | { readonly kind: 'networks'; readonly main: string | undefined }

/** The mode of a container that is in no network now and may be connected to any: no network can have this name. */
export const unconnected = '-'

/** HostConfig.NetworkMode as a type. */
export function parseMode(text: string): Mode {
  if (text === '' || text === 'default') return { kind: 'networks', main: 'bridge' }
  if (text === 'host' || text === 'none') return { kind: text }
  if (text === unconnected) return { kind: 'networks', main: undefined }
  if (text.startsWith('container:')) return { kind: 'container', container: text.slice('container:'.length) }
  return { kind: 'networks', main: text }
}

/** Networks that a container is to be in, in the order of its interfaces (dockerd 28: priority, then name). `find` throws NOT_FOUND. Pure. */
export function wishesOf(request: NetworkRequest, find: (text: string) => NetworkRecord): EndpointWish[] {
  const mode = parseMode(request.mode)
  if (mode.kind !== 'networks') return []
  const settingsById = new Map<string, EndpointSettings>()
  const records = new Map<string, NetworkRecord>()
  const main = mode.main === undefined ? undefined : find(mode.main)
  if (main !== undefined) records.set(main.id, main)
  for (const [key, settings] of Object.entries(request.endpoints)) {
    const record = find(key === 'default' ? 'bridge' : key)
    if (!isUserDriver(record.driver)) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `conflicting options: cannot attach both user-defined and non-user-defined network-modes`,
      )
    }
    records.set(record.id, record)
    settingsById.set(record.id, settings)
  }
  const wishes = [...records.values()].map(network => {
    const settings = settingsById.get(network.id) ?? {}
    const mac = settings.MacAddress || (network.id === main?.id ? request.macAddress : undefined)
    return { network, settings: mac === undefined ? settings : { ...settings, MacAddress: mac } }
  })
  return wishes.sort(
    (a, b) => (b.settings.GwPriority ?? 0) - (a.settings.GwPriority ?? 0) || (a.network.name < b.network.name ? -1 : 1),
  )
}

const atCreate = (network: NetworkRecord): string => `invalid config for network ${network.name}: `

/** Everything that can be known to be wrong at create; `where` begins what is said of an endpoint. Throws INVALID_ARGUMENT or NOT_FOUND. */
export function checkRequest(request: NetworkRequest, find: (text: string) => NetworkRecord, where = atCreate): void {
  checkMode(request)
  for (const text of request.links ?? []) parseLink(text)
  for (const { network, settings } of wishesOf(request, find)) {
    if (settings.MacAddress && !isHardwareAddress(settings.MacAddress))
      throw new BerthError('INVALID_ARGUMENT', `${where(network)}invalid MAC address ${settings.MacAddress}`)
    throwProblems(`${where(network)}invalid endpoint settings`, endpointProblems(network, settings))
    for (const text of settings.Links ?? []) parseLink(text)
  }
  for (const key of request.exposedPorts) parsePortKey(key)
  publishedPorts(request, { ipv4: '127.0.0.1', ipv6: '::1' })
}

/** What the modes that use somebody else's namespace exclude; dockerd's words. */
function checkMode(request: NetworkRequest): void {
  const { kind } = parseMode(request.mode)
  const conflict = (what: string): BerthError => new BerthError('INVALID_ARGUMENT', `conflicting options: ${what}`)
  if ((kind === 'container' || kind === 'host') && (request.links?.length ?? 0) > 0) {
    throw conflict(
      `${kind} type ${kind === 'host' ? 'networking' : 'network'} can't be used with links. This would result in undefined behavior`,
    )
  }
  if (kind !== 'container') return
  if (request.publishAllPorts || Object.keys(request.portBindings).length > 0) {
    throw conflict('port publishing and the container type network mode')
  }
}

/** What a client is told at create, beside errors. */
export function warningsOf(request: NetworkRequest, { hasNftables }: { readonly hasNftables: boolean }): string[] {
  const { kind } = parseMode(request.mode)
  const publishes = request.publishAllPorts || Object.keys(request.portBindings).length > 0
  if (kind === 'host') return publishes ? ['Published ports are discarded when using host network mode'] : []
  if (kind !== 'networks' || hasNftables) return []
  return [
    'this kernel has no nf_tables: containers cannot reach addresses outside their networks',
    ...(publishes
      ? [
          'this kernel has no nf_tables: published ports are relayed by copying, and containers see the gateway as their client',
        ]
      : []),
  ]
}
