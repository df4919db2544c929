import type { EndpointConfig, PublishedPort } from '../../schemas/runtime/netd.ts'
import type { Lease } from './address-book.ts'
import type { NetworkRequest } from './attachments.ts'
import { type EndpointWish, exitsOf, gatewayOf, type PlacedEndpoint } from './endpoints.ts'
import { keepNumbers } from './ports.ts'
import type { Attached } from './views.ts'

/** What must be said to netd so that a container goes out by the right networks again. */
export interface ExitChanges {
  /** Endpoints whose default routes change, with the new gateways. */
  readonly gateways: readonly { readonly networkId: string; readonly gateways: readonly string[] }[]
  /** All ports that shall be published; undefined when they stay. */
  readonly ports: readonly PublishedPort[] | undefined
}

/** After a connect or disconnect of a running container: `attached` is what it has now. Pure. */
export function exitChanges(request: NetworkRequest, wishes: readonly EndpointWish[], attached: Attached): ExitChanges {
  const live = attached.config.endpoints
  const placed = wishes.flatMap(wish => placeAgain(wish, live))
  const exits = exitsOf(request, placed)
  const gateways = placed.flatMap((endpoint, position) => {
    const networkId = endpoint.network.id
    const wanted = exits.routes(position).flatMap(family => gatewayOf(endpoint, family) ?? [])
    const former = live.find(one => one.networkId === networkId)?.gateways ?? []
    return wanted.join() === former.join() ? [] : [{ networkId, gateways: wanted }]
  })
  const ports = keepNumbers(exits.ports, attached.ports)
  return { gateways, ports: JSON.stringify(ports) === JSON.stringify(attached.ports) ? undefined : ports }
}

/** An endpoint as it was placed, from what netd has of it; none when netd has nothing. */
function placeAgain(wish: EndpointWish, live: readonly EndpointConfig[]): PlacedEndpoint[] {
  const endpoint = live.find(one => one.networkId === wish.network.id)
  if (endpoint === undefined) return []
  const leases = endpoint.addresses.map((text): Lease => {
    const [address = '', prefix] = text.split('/')
    return { family: address.includes(':') ? 6 : 4, address, prefix: Number(prefix) }
  })
  return [{ ...wish, leases }]
}
