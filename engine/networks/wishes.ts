import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { NetworkRequest } from './attachments.ts'
import { checkEndpoint, type EndpointWish, wantedAddresses } from './endpoints.ts'
import { parsePortKey, publishedPorts } from './ports.ts'
import type { NetworkRecord } from './record.ts'

export type Mode =
  | { readonly kind: 'host' }
  | { readonly kind: 'none' }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'networks'; readonly main: string }

/** HostConfig.NetworkMode as a type. */
export function parseMode(text: string): Mode {
  if (text === '' || text === 'default') return { kind: 'networks', main: 'bridge' }
  if (text === 'host' || text === 'none') return { kind: text }
  if (text.startsWith('container:')) return { kind: 'container', container: text.slice('container:'.length) }
  return { kind: 'networks', main: text }
}

/** Networks that a container is to be in, the one that `mode` names first. `find` throws NOT_FOUND. Pure. */
export function wishesOf(request: NetworkRequest, find: (text: string) => NetworkRecord): EndpointWish[] {
  const mode = parseMode(request.mode)
  if (mode.kind !== 'networks') return []
  const settingsById = new Map<string, EndpointSettings>()
  const records = new Map<string, NetworkRecord>()
  const main = find(mode.main)
  records.set(main.id, main)
  for (const [key, settings] of Object.entries(request.endpoints)) {
    const record = find(key === 'default' ? 'bridge' : key)
    if (record.driver !== 'bridge') {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `conflicting options: cannot attach both user-defined and non-user-defined network-modes`,
      )
    }
    records.set(record.id, record)
    settingsById.set(record.id, settings)
  }
  return [...records.values()].map(network => {
    const settings = settingsById.get(network.id) ?? {}
    const mac = settings.MacAddress || (network.id === main.id ? request.macAddress : undefined)
    return { network, settings: mac === undefined ? settings : { ...settings, MacAddress: mac } }
  })
}

/** Everything that can be known to be wrong at create. Throws INVALID_ARGUMENT or NOT_FOUND. */
export function checkRequest(request: NetworkRequest, find: (text: string) => NetworkRecord): void {
  for (const { network, settings } of wishesOf(request, find)) {
    checkEndpoint(settings)
    if (network.name === 'bridge' && wantedAddresses(settings).length > 0) {
      throw new BerthError('INVALID_ARGUMENT', 'user specified IP address is supported on user defined networks only')
    }
  }
  for (const key of request.exposedPorts) parsePortKey(key)
  publishedPorts(request, { ipv4: '127.0.0.1', ipv6: '::1' })
}
