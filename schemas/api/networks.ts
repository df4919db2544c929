import * as z from 'zod/mini'
import type { Described } from './containers.ts'
import { endpointSettings } from './endpoint.ts'
import { field, flag, text, textMap, textOrNothing } from './field.ts'

export const ipamConfig = z.object({
  Subnet: field(text),
  IPRange: field(text),
  Gateway: field(text),
  AuxiliaryAddresses: field(textMap),
})

export const ipam = z.object({ Driver: field(text), Config: field(z.array(ipamConfig)), Options: field(textMap) })

/** Body of POST /networks/create. */
export const networkCreateRequest = z.object({
  Name: textOrNothing,
  Driver: field(text),
  Scope: field(text),
  Internal: field(flag),
  Attachable: field(flag),
  Ingress: field(flag),
  ConfigOnly: field(flag),
  ConfigFrom: field(z.object({ Network: text })),
  IPAM: field(ipam),
  EnableIPv4: field(flag),
  EnableIPv6: field(flag),
  Options: field(textMap),
  Labels: field(textMap),
})

/** Body of POST /networks/{id}/connect. */
export const networkConnectRequest = z.object({ Container: textOrNothing, EndpointConfig: field(endpointSettings) })

/** Body of POST /networks/{id}/disconnect. */
export const networkDisconnectRequest = z.object({ Container: textOrNothing, Force: field(flag) })

export type IpamConfig = z.output<typeof ipamConfig>
export type Ipam = z.output<typeof ipam>
export type NetworkCreateRequest = z.output<typeof networkCreateRequest>
export type NetworkConnectRequest = z.output<typeof networkConnectRequest>
export type NetworkDisconnectRequest = z.output<typeof networkDisconnectRequest>

export interface NetworkCreateResponse {
  readonly Id: string
  readonly Warning: string
}

/** GET /networks and /networks/{id}; the list leaves `Containers` empty. */
export interface NetworkInspect {
  readonly Name: string
  readonly Id: string
  readonly Created: string
  readonly Scope: string
  readonly Driver: string
  readonly EnableIPv4: boolean
  readonly EnableIPv6: boolean
  readonly IPAM: Described<Ipam>
  readonly Internal: boolean
  readonly Attachable: boolean
  readonly Ingress: boolean
  readonly ConfigFrom: { readonly Network: string }
  readonly ConfigOnly: boolean
  readonly Containers: Readonly<Record<string, NetworkContainer>>
  readonly Options: Readonly<Record<string, string>>
  readonly Labels: Readonly<Record<string, string>>
}

export interface NetworkContainer {
  readonly Name: string
  readonly EndpointID: string
  readonly MacAddress: string
  /** With the prefix length: `172.20.0.2/16`. */
  readonly IPv4Address: string
  readonly IPv6Address: string
}

export interface NetworkPruneResponse {
  readonly NetworksDeleted: readonly string[] | null
}
