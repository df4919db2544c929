import { text } from 'node:stream/consumers'
import type { Filters } from '../../schemas/api/filters.ts'
import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkInspect,
} from '../../schemas/api/networks.ts'
import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'

const pathOf = (network: string, rest = ''): string => `/networks/${encodeURIComponent(network)}${rest}`

export function listNetworks(
  client: EngineClient,
  filters: Filters,
  options: CallOptions = {},
): Promise<readonly NetworkInspect[]> {
  return client.json({
    method: 'GET',
    path: '/networks',
    query: { filters: JSON.stringify(filters) },
    ...withSignal(options),
  })
}

/** What the kernel has for networks and their containers, as text. Only Berth's engine tells it. */
export async function networkRules(client: EngineClient, filters: Filters, options: CallOptions = {}): Promise<string> {
  const { body } = await client.stream({
    method: 'GET',
    path: '/berth/v1/networks/rules',
    query: { filters: JSON.stringify(filters) },
    ...withSignal(options),
  })
  return text(body)
}

export function inspectNetwork(
  client: EngineClient,
  network: string,
  options: CallOptions = {},
): Promise<NetworkInspect> {
  return client.json({ method: 'GET', path: pathOf(network), ...withSignal(options) })
}

export function createNetwork(
  client: EngineClient,
  body: NetworkCreateRequest,
  options: CallOptions = {},
): Promise<NetworkCreateResponse> {
  return client.json({ method: 'POST', path: '/networks/create', body, ...withSignal(options) })
}

export function removeNetwork(client: EngineClient, network: string, options: CallOptions = {}): Promise<void> {
  return client.json({ method: 'DELETE', path: pathOf(network), ...withSignal(options) })
}

export function connectNetwork(
  client: EngineClient,
  network: string,
  body: NetworkConnectRequest,
  options: CallOptions = {},
): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(network, '/connect'), body, ...withSignal(options) })
}

export function disconnectNetwork(
  client: EngineClient,
  network: string,
  body: NetworkDisconnectRequest,
  options: CallOptions = {},
): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(network, '/disconnect'), body, ...withSignal(options) })
}
