import { attributes, list, number, text, textMap, texts } from './attributes.ts'
import { networkHash } from './config-hash.ts'
import type { Network, NetworkMode, ServiceNetwork } from './project.ts'

export function networkMode(value: unknown): NetworkMode {
  const mode = text(value)
  if (mode === undefined) return { kind: 'networks' }
  if (mode === 'none' || mode === 'host') return { kind: mode }
  if (mode.startsWith('service:')) return { kind: 'service', service: mode.slice('service:'.length) }
  if (mode.startsWith('container:')) return { kind: 'container', container: mode.slice('container:'.length) }
  return { kind: 'other', text: mode }
}

/** Highest priority first, then by name. */
export function serviceNetworks(value: unknown): readonly ServiceNetwork[] {
  return Object.entries(attributes(value))
    .map(([network, each]) => serviceNetwork(network, each))
    .sort((one, other) => other.priority - one.priority || (one.network < other.network ? -1 : 1))
}

function serviceNetwork(network: string, value: unknown): ServiceNetwork {
  const own = attributes(value)
  return {
    network,
    aliases: texts(own['aliases']),
    ipv4Address: text(own['ipv4_address']),
    ipv6Address: text(own['ipv6_address']),
    linkLocalIps: texts(own['link_local_ips']),
    macAddress: text(own['mac_address']),
    priority: number(own['priority']) ?? 0,
    gatewayPriority: number(own['gw_priority']) ?? 0,
    interfaceName: text(own['interface_name']),
    driverOpts: textMap(own['driver_opts']),
  }
}

export function network(value: unknown, key: string): Network {
  const own = attributes(value)
  const ipam = attributes(own['ipam'])
  const declared: Omit<Network, 'configHash'> = {
    key,
    name: text(own['name']) ?? key,
    isExternal: own['external'] === true,
    driver: text(own['driver']),
    driverOpts: textMap(own['driver_opts']),
    isInternal: own['internal'] === true,
    isAttachable: own['attachable'] === true,
    enableIpv4: flag(own['enable_ipv4']),
    enableIpv6: flag(own['enable_ipv6']),
    labels: textMap(own['labels']),
    ipam: {
      driver: text(ipam['driver']),
      options: textMap(ipam['options']),
      config: list(ipam['config']).map(subnet),
    },
  }
  return { ...declared, configHash: networkHash(own) }
}

function subnet(value: unknown): Network['ipam']['config'][number] {
  const { subnet: range, gateway, ip_range: ipRange, aux_addresses: auxAddresses } = attributes(value)
  return {
    ...(range === undefined ? {} : { subnet: String(range) }),
    ...(gateway === undefined ? {} : { gateway: String(gateway) }),
    ...(ipRange === undefined ? {} : { ipRange: String(ipRange) }),
    ...(auxAddresses === undefined ? {} : { auxAddresses: textMap(auxAddresses) }),
  }
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
