import type { AttachConfig, EndpointConfig, NetworkConfig, PublishedPort } from '../../schemas/runtime/netd.ts'

/** What netd holds: everything in the kernel's rules and addresses that differs between two hosts. */
export interface RulesetInput {
  readonly networks: readonly NetworkConfig[]
  readonly containers: readonly (Pick<AttachConfig, 'containerId' | 'endpoints'> & {
    readonly ports: readonly PublishedPort[]
  })[]
}

const family = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)
const bracket = (address: string): string => (family(address) === 6 ? `[${address}]` : address)
const short = (containerId: string): string => containerId.slice(0, 12)

/**
 * Networks, addresses, names and published ports as text, one fact per line with its kind first, sorted: for reading, bug reports and golden
 * tests. Ports whose two ends are of different families are the relay's and marked so.
 */
export function describeRuleset({ networks, containers }: RulesetInput): string {
  const nameOf = new Map(networks.map(network => [network.networkId, network.name]))
  const lines = networks.flatMap(describeNetwork)
  for (const { containerId, endpoints, ports } of containers) {
    for (const endpoint of endpoints) {
      const name = nameOf.get(endpoint.networkId)
      if (name !== undefined) lines.push(...describeEndpoint(endpoint, name, containerId))
    }
    lines.push(...ports.map(port => describePort(port, containerId)))
  }
  return lines.length === 0 ? '' : `${lines.sort().join('\n')}\n`
}

function describeNetwork(network: NetworkConfig): string[] {
  const name = `${network.bridge} (${network.name})`
  if (network.link !== undefined) return [line(network.link.driver, `${network.link.mode} on ${name}`)]
  return [
    line('bridge', [name, ...network.gateways].join(' ')),
    ...(network.allowsPeers ? [line('peers', name)] : []),
    ...(network.isInternal ? [line('internal', name)] : []),
    ...(!network.isInternal && network.masquerade ? [line('masquerade', name)] : []),
  ]
}

function describeEndpoint(endpoint: EndpointConfig, network: string, containerId: string): string[] {
  const place = `${endpoint.interface} of ${short(containerId)} in ${network}`
  return [
    ...endpoint.addresses.map(address => line('address', `${address} ${endpoint.mac} ${place}`)),
    ...endpoint.gateways.map(gateway => line('route', `default via ${gateway} ${place}`)),
    ...endpoint.names.map(name => line('name', `${name} = ${place}`)),
    ...Object.entries(endpoint.links ?? {}).map(([alias, name]) => line('link', `${alias} = ${name} for ${place}`)),
  ]
}

function describePort(port: PublishedPort, containerId: string): string {
  const way = family(port.hostAddress) === family(port.containerAddress) ? 'publish' : 'relay'
  const from = `${port.protocol} ${bracket(port.hostAddress)}:${port.hostPort}`
  return line(way, `${from} -> ${bracket(port.containerAddress)}:${port.containerPort} (${short(containerId)})`)
}

const line = (kind: string, text: string): string => `${kind.padEnd(10)} ${text}`
