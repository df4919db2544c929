import type { Ipam } from '../../schemas/api/networks.ts'

/** A network as the store keeps it. Subnets and gateways are filled in. */
export interface NetworkRecord {
  readonly id: string
  readonly name: string
  readonly created: string
  readonly driver: 'bridge' | 'macvlan' | 'ipvlan' | 'host' | 'null'
  readonly isInternal: boolean
  readonly isAttachable: boolean
  readonly hasIpv4: boolean
  readonly hasIpv6: boolean
  readonly ipam: Ipam
  /** Families whose subnet the user chose: only there may containers choose their addresses. Absent: both. */
  readonly chosenFamilies?: readonly (4 | 6)[]
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Interface on the host: the bridge, or the parent of macvlan and ipvlan; '' for host and none. */
  readonly bridge: string
}

/** Networks that are always there. */
export const predefinedNames = ['bridge', 'host', 'none'] as const

export const isPredefined = (record: NetworkRecord): boolean =>
  (predefinedNames as readonly string[]).includes(record.name)

/** Drivers whose networks anybody can make; the others have one network each. */
export const isUserDriver = (driver: NetworkRecord['driver']): driver is 'bridge' | 'macvlan' | 'ipvlan' =>
  driver !== 'host' && driver !== 'null'

/** Options of macvlan and ipvlan networks. */
export const linkOptions = { parent: 'parent', macvlanMode: 'macvlan_mode', ipvlanMode: 'ipvlan_mode' } as const

/** What a macvlan or ipvlan network's containers are linked by; undefined for other drivers. Modes as netd has them, the driver's default first. */
export function linkOf(
  record: Pick<NetworkRecord, 'driver' | 'options'>,
): { driver: 'macvlan' | 'ipvlan'; mode: string } | undefined {
  if (record.driver === 'macvlan')
    return { driver: 'macvlan', mode: record.options[linkOptions.macvlanMode] || linkModes.macvlan[0] }
  if (record.driver === 'ipvlan')
    return { driver: 'ipvlan', mode: record.options[linkOptions.ipvlanMode] || linkModes.ipvlan[0] }
  return undefined
}

export const linkModes = { macvlan: ['bridge', 'private', 'vepa', 'passthru'], ipvlan: ['l2', 'l3', 'l3s'] } as const

/** What the gateway of a bridge network is to the world; the default first. */
export const gatewayModes = ['nat', 'routed', 'isolated', 'nat-unprotected'] as const

/** Bridge options as dockerd names them. */
export const bridgeOptions = {
  name: 'com.docker.network.bridge.name',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  peers: 'com.docker.network.bridge.enable_icc',
  mtu: 'com.docker.network.driver.mtu',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  isDefault: 'com.docker.network.bridge.default_bridge',
  gatewayMode4: 'com.docker.network.bridge.gateway_mode_ipv4',
  gatewayMode6: 'com.docker.network.bridge.gateway_mode_ipv6',
} as const
