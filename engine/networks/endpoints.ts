import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import type { AttachConfig, EndpointConfig, NetworkConfig, PublishedPort } from '../../schemas/runtime/netd.ts'
import type { Lease } from './address-book.ts'
import type { NetworkRequest } from './attachments.ts'
import { parseAddress } from './cidr.ts'
import { linksOf } from './links.ts'
import { type PortTargets, publishedPorts } from './ports.ts'
import { bridgeOptions, linkOf, type NetworkRecord } from './record.ts'

/** A container's wish for one network. */
export interface EndpointWish {
  readonly network: NetworkRecord
  readonly settings: EndpointSettings
}

/** With the addresses that it got. */
export interface PlacedEndpoint extends EndpointWish {
  readonly leases: readonly Lease[]
}

const isTrue = (text: string | undefined, whenAbsent: boolean): boolean =>
  text === undefined || text === '' ? whenAbsent : ['1', 't', 'true'].includes(text.toLowerCase())

/** What netd is told of a network. */
export function networkConfig(record: NetworkRecord): NetworkConfig {
  const gateways = (record.ipam.Config ?? []).flatMap(config =>
    config.Gateway && config.Subnet ? [`${config.Gateway}/${config.Subnet.split('/')[1]}`] : [],
  )
  const link = linkOf(record)
  return {
    networkId: record.id,
    name: record.name,
    bridge: record.bridge,
    gateways,
    mtu: Number(record.options[bridgeOptions.mtu] ?? 0),
    isInternal: record.isInternal,
    masquerade: isTrue(record.options[bridgeOptions.masquerade], true),
    allowsPeers: isTrue(record.options[bridgeOptions.peers], true),
    ...(link === undefined ? {} : { link }),
  }
}

/** Addresses that the user wants in one network. */
export const wantedAddresses = (settings: EndpointSettings): string[] =>
  [settings.IPAMConfig?.IPv4Address, settings.IPAMConfig?.IPv6Address].filter(
    (text): text is string => text !== undefined && text !== '',
  )

/** Names that others resolve to an endpoint; the first answers reverse lookups. */
export function endpointNames(request: NetworkRequest, settings: EndpointSettings): string[] {
  const shortId = request.containerId.slice(0, 12)
  const names = [request.name, ...(settings.Aliases ?? []), shortId, request.hostname]
  return [...new Set(names.filter(name => name !== '').map(name => name.toLowerCase()))].slice(0, 64)
}

/**
 * The hardware address: the user's, or one made from the IPv4 address, so that whoever gets an address again gets its neighbours' caches right.
 */
export function hardwareAddress(endpoint: PlacedEndpoint): string {
  const asked = endpoint.settings.MacAddress
  if (asked) return asked.toLowerCase().replaceAll('-', ':')
  const lease = endpoint.leases.find(one => one.family === 4) ?? endpoint.leases[0]
  const value = parseAddress(lease?.address ?? '0.0.0.0')?.value ?? 0n
  const bytes = [24n, 16n, 8n, 0n].map(shift => ((value >> shift) & 0xffn).toString(16).padStart(2, '0'))
  return `02:42:${bytes.join(':')}`
}

/** dockerd 28's order: the higher gateway priority, then a network with both families, then the network's name. */
function compareExits(a: PlacedEndpoint, b: PlacedEndpoint): number {
  const families = (endpoint: PlacedEndpoint): number => new Set(endpoint.leases.map(lease => lease.family)).size
  return (
    (b.settings.GwPriority ?? 0) - (a.settings.GwPriority ?? 0) ||
    families(b) - families(a) ||
    (a.network.name < b.network.name ? -1 : 1)
  )
}

/** The position of the endpoint that the default route of a family goes through; -1 when there is none. */
export function gatewayPosition(endpoints: readonly PlacedEndpoint[], family: 4 | 6): number {
  const candidates = endpoints.filter(
    endpoint => !endpoint.network.isInternal && gatewayOf(endpoint, family) !== undefined,
  )
  const [best] = candidates.sort(compareExits)
  return best === undefined ? -1 : endpoints.indexOf(best)
}

/** The network's router for a family that the endpoint has an address of. */
export function gatewayOf({ network, leases }: PlacedEndpoint, family: 4 | 6): string | undefined {
  if (!leases.some(lease => lease.family === family)) return undefined
  // Behind a layer 3 ipvlan there is no router: the parent's routes decide.
  const link = linkOf(network)
  if (link?.driver === 'ipvlan' && link.mode !== 'l2') return family === 4 ? '0.0.0.0' : '::'
  return (network.ipam.Config ?? [])
    .map(config => config.Gateway)
    .find(gateway => gateway !== undefined && parseAddress(gateway)?.family === family)
}

export function endpointConfig(
  request: NetworkRequest,
  endpoint: PlacedEndpoint,
  place: { readonly interfaceName: string; readonly routes: readonly (4 | 6)[] },
): EndpointConfig {
  return {
    networkId: endpoint.network.id,
    interface: place.interfaceName,
    mac: hardwareAddress(endpoint),
    addresses: endpoint.leases.map(lease => `${lease.address}/${lease.prefix}`),
    gateways: place.routes.flatMap(family => gatewayOf(endpoint, family) ?? []),
    names: endpointNames(request, endpoint.settings),
    ...linksOf(request, endpoint),
  }
}

/** Which endpoint the default routes and published ports go by. */
export interface Exits {
  /** Families whose default route goes through the endpoint at a position. */
  readonly routes: (position: number) => readonly (4 | 6)[]
  readonly ports: readonly PublishedPort[]
}

/** Pure. Ports are published where the container goes out by, when that is a bridge. */
export function exitsOf(request: NetworkRequest, endpoints: readonly PlacedEndpoint[]): Exits {
  const router4 = gatewayPosition(endpoints, 4)
  const router6 = gatewayPosition(endpoints, 6)
  const exit = endpoints[router4 === -1 ? router6 : router4]
  return {
    routes: position => [...(position === router4 ? [4 as const] : []), ...(position === router6 ? [6 as const] : [])],
    ports:
      exit === undefined || exit.network.driver !== 'bridge'
        ? []
        : publishedPorts(request, targetsOf(exit), exit.network.options[bridgeOptions.hostBinding]),
  }
}

/** What dockerd gives every container with a namespace of its own: ports below 1024 and ping for everybody inside. */
const defaultSysctls = { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }

/** What netd is told of a container; pure. */
export function attachConfig(
  request: NetworkRequest,
  endpoints: readonly PlacedEndpoint[],
  host: { readonly netns: string; readonly upstreams: readonly string[] },
): AttachConfig {
  const exits = exitsOf(request, endpoints)
  const ndots = request.dnsOptions.map(option => /^ndots:(\d+)$/.exec(option)?.[1]).find(value => value !== undefined)
  const sysctls = Object.entries(request.sysctls).filter(([name]) => name.startsWith('net.'))
  return {
    containerId: request.containerId,
    netns: host.netns,
    endpoints: endpoints.map((endpoint, position) =>
      endpointConfig(request, endpoint, {
        interfaceName: `eth${position}`,
        routes: exits.routes(position),
      }),
    ),
    ports: exits.ports,
    dns: { upstreams: host.upstreams, forwardsSingleLabels: ndots === undefined || Number(ndots) === 0 },
    sysctls: { ...defaultSysctls, ...Object.fromEntries(sysctls) },
    ...(request.idMaps === undefined ? {} : { uidMappings: request.idMaps.uid, gidMappings: request.idMaps.gid }),
  }
}

const targetsOf = ({ leases }: PlacedEndpoint): PortTargets => ({
  ipv4: leases.find(lease => lease.family === 4)?.address,
  ipv6: leases.find(lease => lease.family === 6)?.address,
})
