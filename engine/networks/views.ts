import { createHash } from 'node:crypto'
import type { NetworkSettings } from '../../schemas/api/containers.ts'
import type { EndpointView } from '../../schemas/api/endpoint.ts'
import type { NetworkContainer, NetworkInspect } from '../../schemas/api/networks.ts'
import type { AttachConfig, EndpointConfig, PublishedPort } from '../../schemas/runtime/netd.ts'
import type { NetworkRequest } from './attachments.ts'
import { type EndpointWish, endpointNames } from './endpoints.ts'
import { portMapView } from './ports.ts'
import { isPredefined, isUserDriver, type NetworkRecord } from './record.ts'

/** A container's network as netd has it. */
export interface Attached {
  readonly config: AttachConfig
  readonly ports: readonly PublishedPort[]
  readonly warnings: readonly string[]
}

/** Stable, so that it need not be kept. */
export const endpointId = (networkId: string, containerId: string): string =>
  createHash('sha256').update(`${networkId}\0${containerId}`).digest('hex')

const split = (address: string | undefined): { ip: string; length: number } => {
  const [ip = '', length = '0'] = (address ?? '').split('/')
  return { ip, length: Number(length) }
}

const isIpv6 = (text: string): boolean => text.includes(':')

/** One member of NetworkSettings.Networks; the engine's members are empty while the container is not attached. */
export function endpointView(
  request: NetworkRequest,
  wish: EndpointWish,
  live: EndpointConfig | undefined,
): EndpointView {
  const { network, settings } = wish
  const ipv4 = split(live?.addresses.find(address => !isIpv6(address)))
  const ipv6 = split(live?.addresses.find(isIpv6))
  const gateways = (network.ipam.Config ?? []).map(config => config.Gateway ?? '')
  const isUserDefined = isUserDriver(network.driver) && !isPredefined(network)
  return {
    IPAMConfig: settings.IPAMConfig ?? null,
    Links: settings.Links ?? null,
    Aliases: settings.Aliases ?? null,
    // An ipvlan has its parent's.
    MacAddress: network.driver === 'ipvlan' ? '' : (live?.mac ?? settings.MacAddress ?? ''),
    DriverOpts: settings.DriverOpts ?? null,
    GwPriority: settings.GwPriority ?? 0,
    NetworkID: network.id,
    EndpointID: live === undefined ? '' : endpointId(network.id, request.containerId),
    Gateway:
      live === undefined || ipv4.ip === '' ? '' : (gateways.find(gateway => gateway !== '' && !isIpv6(gateway)) ?? ''),
    IPAddress: ipv4.ip,
    IPPrefixLen: ipv4.length,
    IPv6Gateway: live === undefined || ipv6.ip === '' ? '' : (gateways.find(isIpv6) ?? ''),
    GlobalIPv6Address: ipv6.ip,
    GlobalIPv6PrefixLen: ipv6.length,
    // The default network has no names.
    DNSNames: isUserDefined ? endpointNames(request, settings) : null,
  }
}

/** NetworkSettings of inspect. The top-level addresses are those in the default bridge network, as in dockerd. */
export function settingsView(
  request: NetworkRequest,
  networks: Readonly<Record<string, EndpointView>>,
  attached: Attached | undefined,
): NetworkSettings {
  const main = networks['bridge']
  return {
    Bridge: '',
    SandboxID: attached === undefined ? '' : createHash('sha256').update(request.containerId).digest('hex'),
    SandboxKey: attached?.config.netns ?? '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: attached === undefined ? {} : portMapView(request.exposedPorts, attached.ports),
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: main?.EndpointID ?? '',
    Gateway: main?.Gateway ?? '',
    GlobalIPv6Address: main?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: main?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: main?.IPAddress ?? '',
    IPPrefixLen: main?.IPPrefixLen ?? 0,
    IPv6Gateway: main?.IPv6Gateway ?? '',
    MacAddress: main?.MacAddress ?? '',
    Networks: networks,
  }
}

/** dockerd tells `null` where nothing was asked for. */
const describeIpam = ({ ipam, driver }: NetworkRecord): NetworkInspect['IPAM'] => ({
  Driver: ipam.Driver ?? 'default',
  Options: ipam.Options ?? null,
  Config: driver === 'host' || driver === 'null' ? null : (ipam.Config ?? []),
})

/** GET /networks/{id}. */
export function networkView(
  record: NetworkRecord,
  containers: Readonly<Record<string, NetworkContainer>>,
): NetworkInspect {
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: 'local',
    Driver: record.driver,
    EnableIPv4: record.hasIpv4,
    EnableIPv6: record.hasIpv6,
    IPAM: describeIpam(record),
    Internal: record.isInternal,
    Attachable: record.isAttachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: containers,
    Options: record.options,
    Labels: record.labels,
  }
}

export function containerView(
  networkId: string,
  containerId: string,
  name: string,
  endpoint: EndpointConfig,
): NetworkContainer {
  return {
    Name: name,
    EndpointID: endpointId(networkId, containerId),
    MacAddress: endpoint.mac,
    IPv4Address: endpoint.addresses.find(address => !isIpv6(address)) ?? '',
    IPv6Address: endpoint.addresses.find(isIpv6) ?? '',
  }
}
