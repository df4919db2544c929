import type { Ipam } from '../../schemas/api/networks.ts'

/** A network as the store keeps it. Subnets and gateways are filled in. */
export interface NetworkRecord {
  readonly id: string
  readonly name: string
  readonly created: string
  readonly driver: 'bridge' | 'host' | 'null'
  readonly isInternal: boolean
  readonly isAttachable: boolean
  readonly hasIpv4: boolean
  readonly hasIpv6: boolean
  readonly ipam: Ipam
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Interface on the host; '' for host and none. */
  readonly bridge: string
}

/** Networks that are always there. */
export const predefinedNames = ['bridge', 'host', 'none'] as const

export const isPredefined = (record: NetworkRecord): boolean =>
  (predefinedNames as readonly string[]).includes(record.name)

/** Bridge options as dockerd names them. */
export const bridgeOptions = {
  name: 'com.docker.network.bridge.name',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  peers: 'com.docker.network.bridge.enable_icc',
  mtu: 'com.docker.network.driver.mtu',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
} as const
