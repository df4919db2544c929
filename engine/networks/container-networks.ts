import type { NetworkSettings, PortSummary } from '../../schemas/api/containers.ts'
import type { EndpointSettings, EndpointView } from '../../schemas/api/endpoint.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { AttachAnswer, AttachConfig, EndpointConfig, NetdState } from '../../schemas/runtime/netd.ts'
import type { EventBus } from '../events/bus.ts'
import type { Logger } from '../log.ts'
import type { Collection } from '../store/store.ts'
import { AddressBook } from './address-book.ts'
import type { Attachment, ContainerNetworks, NetworkRequest } from './attachments.ts'
import type { NetworkCatalog } from './catalog.ts'
import { attachConfig, endpointConfig, endpointNames, type PlacedEndpoint, wantedAddresses } from './endpoints.ts'
import { exitChanges } from './exits.ts'
import { hostNameservers } from './host-resolver.ts'
import { parseLink } from './links.ts'
import type { Netd } from './netd.ts'
import { ownHosts } from './own-hosts.ts'
import { explainPortInUse } from './port-in-use.ts'
import { portSummaries } from './ports.ts'
import type { NetworkRecord } from './record.ts'
import { type Attached, endpointView, settingsView } from './views.ts'
import { checkRequest, parseMode, unconnected, warningsOf, wishesOf } from './wishes.ts'

export interface ContainerNetworksOptions {
  readonly requests: Collection<NetworkRequest>
  readonly catalog: NetworkCatalog
  readonly netd: Netd
  readonly events: EventBus
  readonly runDir: string
  /** Makes the network's bridge, unless netd has it already. */
  readonly bringUp: (network: NetworkRecord) => Promise<void>
  readonly log: Pick<Logger, 'warn'>
}

/** Containers in networks: what each asked for (on record) and what it has (netd's, held in memory). */
export class ContainerAttachments implements ContainerNetworks {
  readonly #options: ContainerNetworksOptions
  readonly #addresses = new AddressBook()
  readonly #attached = new Map<string, Attached>()
  #hasNftables = true

  constructor(options: ContainerNetworksOptions) {
    this.#options = options
  }

  async reserve(request: NetworkRequest): Promise<readonly string[]> {
    checkRequest(request, this.#find)
    for (const { container } of (request.links ?? []).map(parseLink)) {
      if (this.#findRequest(container) === undefined) {
        throw new BerthError(
          'INVALID_ARGUMENT',
          `could not get container for ${container}: No such container: ${container}`,
        )
      }
    }
    await this.#options.requests.put(request.containerId, request)
    return warningsOf(request, { hasNftables: this.#hasNftables })
  }

  async attach(containerId: string): Promise<Attachment> {
    const request = this.#request(containerId)
    const mode = parseMode(request.mode)
    if (mode.kind === 'host') return { netnsPath: undefined, hosts: [], nameserver: undefined, warnings: [] }
    if (mode.kind === 'container') return this.#share(mode.container)
    const attached = this.#attached.get(containerId) ?? (await this.#attachNew(request))
    return {
      netnsPath: attached.config.netns,
      hosts: ownHosts(request, attached.config.endpoints),
      nameserver: attached.config.endpoints.length > 0 ? '127.0.0.11' : undefined,
      warnings: attached.warnings,
    }
  }

  async detach(containerId: string): Promise<void> {
    const attached = this.#attached.get(containerId)
    if (attached === undefined) return
    await this.#options.netd.request('detach', { containerId })
    this.#attached.delete(containerId)
    for (const endpoint of attached.config.endpoints) {
      this.#addresses.release(endpoint.networkId, containerId)
      this.#publish('disconnect', endpoint.networkId, containerId)
    }
  }

  async release(containerId: string): Promise<void> {
    await this.detach(containerId)
    await this.#options.requests.delete(containerId)
  }

  async rename(containerId: string, name: string): Promise<void> {
    const request = { ...this.#request(containerId), name }
    const put = this.#options.requests.put(containerId, request)
    for (const endpoint of this.#attached.get(containerId)?.config.endpoints ?? []) {
      const wish = wishesOf(request, this.#find).find(one => one.network.id === endpoint.networkId)
      if (wish === undefined) continue
      const names = endpointNames(request, wish.settings)
      await this.#options.netd.request('names', { containerId, networkId: endpoint.networkId, names })
      this.#replaceEndpoints(containerId, all => all.map(one => (one === endpoint ? { ...one, names } : one)))
    }
    await put
  }

  isAttached(containerId: string): boolean {
    return this.#attached.has(containerId)
  }

  settings(containerId: string): NetworkSettings {
    return settingsView(this.#request(containerId), this.endpoints(containerId), this.#attached.get(containerId))
  }

  ports(containerId: string): readonly PortSummary[] {
    return portSummaries(this.#request(containerId).exposedPorts, this.#attached.get(containerId)?.ports ?? [])
  }

  endpoints(containerId: string): Readonly<Record<string, EndpointView>> {
    const request = this.#request(containerId)
    const mode = parseMode(request.mode)
    const attached = this.#attached.get(containerId)
    if (mode.kind === 'container') return {}
    const wishes = mode.kind === 'networks' ? this.#wishes(request) : [{ network: this.#find(mode.kind), settings: {} }]
    return Object.fromEntries(
      wishes.map(wish => {
        const live = attached?.config.endpoints.find(endpoint => endpoint.networkId === wish.network.id)
        return [wish.network.name, endpointView(request, wish, live)]
      }),
    )
  }

  async reconcile(containers: ReadonlyMap<string, { readonly isRunning: boolean }>): Promise<void> {
    const idle = [...this.#attached.keys()].filter(id => containers.get(id)?.isRunning !== true)
    const orphans = this.#options.requests.keys().filter(id => !containers.has(id))
    await Promise.all([...idle.map(id => this.detach(id)), ...orphans.map(id => this.#options.requests.delete(id))])
  }

  /** What netd holds, after a (re)connection. */
  adopt(state: NetdState): void {
    this.#attached.clear()
    this.#addresses.clear()
    this.#hasNftables = state.hasNftables
    for (const { ports, warnings, ...config } of state.containers) {
      this.#attached.set(config.containerId, { config: { ...config, ports }, ports, warnings })
      for (const endpoint of config.endpoints) {
        const network = this.#options.catalog.get(endpoint.networkId)
        if (network !== undefined) this.#addresses.note(network, config.containerId, endpoint.addresses)
      }
    }
  }

  /** Who is in a network now. */
  members(
    networkId: string,
  ): { readonly containerId: string; readonly name: string; readonly endpoint: EndpointConfig }[] {
    return [...this.#attached].flatMap(([containerId, { config }]) => {
      const endpoint = config.endpoints.find(one => one.networkId === networkId)
      const name = this.#options.requests.get(containerId)?.name ?? containerId
      return endpoint === undefined ? [] : [{ containerId, name, endpoint }]
    })
  }

  /** True also while a start is under way. */
  isInUse(networkId: string): boolean {
    return this.#addresses.isInUse(networkId)
  }

  forgetNetwork(networkId: string): void {
    this.#addresses.forget(networkId)
  }

  /** docker network connect. A stopped container joins at its next start. */
  async join(containerId: string, network: NetworkRecord, settings: EndpointSettings): Promise<void> {
    const request = this.#request(containerId)
    const mode = parseMode(request.mode)
    if (network.driver === 'host') {
      throw new BerthError(
        'INVALID_ARGUMENT',
        'cannot connect container to host network - container must be created in host network mode',
      )
    }
    if (mode.kind === 'container' || mode.kind === 'host')
      throw new BerthError(
        'INVALID_ARGUMENT',
        'container sharing network namespace with another container or host cannot be connected to any other network',
      )
    if (mode.kind === 'none' || network.driver === 'null') {
      throw new BerthError(
        'INVALID_ARGUMENT',
        'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      )
    }
    if (this.#wishes(request).some(wish => wish.network.id === network.id)) {
      throw new BerthError('FORBIDDEN', `endpoint with name ${request.name} already exists in network ${network.name}`)
    }
    const next = {
      ...request,
      mode: request.mode === unconnected ? network.name : request.mode,
      endpoints: { ...request.endpoints, [network.name]: settings },
    }
    checkRequest(next, this.#find, () => '')
    if (this.#attached.has(containerId)) {
      await this.#joinLive(next, network, settings)
      await this.#followExits(next)
    }
    await this.#options.requests.put(containerId, next)
  }

  /** docker network disconnect. */
  async leave(containerId: string, network: NetworkRecord): Promise<void> {
    const request = this.#request(containerId)
    const wishes = this.#wishes(request)
    if (parseMode(request.mode).kind === 'none' && network.driver === 'null') {
      await this.#options.requests.put(containerId, { ...request, mode: unconnected, endpoints: {} })
      return
    }
    if (!wishes.some(wish => wish.network.id === network.id)) {
      throw new BerthError('FORBIDDEN', `container ${containerId} is not connected to network ${network.name}`)
    }
    const rest = wishes.filter(wish => wish.network.id !== network.id)
    const next: NetworkRequest = {
      ...request,
      mode: rest[0]?.network.name ?? unconnected,
      endpoints: Object.fromEntries(rest.map(wish => [wish.network.name, wish.settings])),
    }
    if (this.#attached.has(containerId)) {
      await this.#options.netd.request('disconnect', { containerId, networkId: network.id })
      this.#replaceEndpoints(containerId, all => all.filter(one => one.networkId !== network.id))
      this.#addresses.release(network.id, containerId)
      this.#publish('disconnect', network.id, containerId)
      await this.#followExits(next)
    }
    await this.#options.requests.put(containerId, next)
  }

  readonly #find = (text: string): NetworkRecord => this.#options.catalog.require(text)

  #request(containerId: string): NetworkRequest {
    const request = this.#options.requests.get(containerId)
    if (request === undefined) throw new BerthError('NOT_FOUND', `No such container: ${containerId}`)
    return request
  }

  /** By whole id, name, or a unique beginning of an id. */
  #findRequest(container: string): NetworkRequest | undefined {
    const requests = this.#options.requests.list()
    const exact = requests.find(request => request.containerId === container || request.name === container)
    if (exact !== undefined) return exact
    const [first, second] = requests.filter(request => request.containerId.startsWith(container))
    return second === undefined ? first : undefined
  }

  /** Without networks that are gone: views must not fail for them. */
  #wishes(request: NetworkRequest): ReturnType<typeof wishesOf> {
    try {
      return wishesOf(request, this.#find)
    } catch {
      return Object.entries(request.endpoints).flatMap(([name, settings]) => {
        const network = this.#options.catalog.byName(name)
        return network === undefined ? [] : [{ network, settings }]
      })
    }
  }

  #share(container: string): Attachment {
    const other = this.#findRequest(container)
    const attached = other === undefined ? undefined : this.#attached.get(other.containerId)
    if (attached !== undefined) {
      return {
        netnsPath: attached.config.netns,
        hosts: [],
        nameserver: attached.config.endpoints.length > 0 ? '127.0.0.11' : undefined,
        warnings: [],
      }
    }
    if (other !== undefined && parseMode(other.mode).kind === 'host') {
      return { netnsPath: undefined, hosts: [], nameserver: undefined, warnings: [] }
    }
    throw new BerthError('CONFLICT', `cannot join network of a non running container: ${container}`)
  }

  async #attachNew(request: NetworkRequest): Promise<Attached> {
    const { containerId } = request
    await Promise.all(wishesOf(request, this.#find).map(wish => this.#options.bringUp(wish.network)))
    // Looked up again: bringing up a network for the first time may have settled its subnet.
    const wishes = wishesOf(request, this.#find)
    this.#checkLinks(request)
    const upstreams = request.dns.length > 0 ? request.dns : hostNameservers()
    const placed: PlacedEndpoint[] = []
    try {
      for (const wish of wishes) {
        placed.push({
          ...wish,
          leases: this.#addresses.take(wish.network, containerId, wantedAddresses(wish.settings)),
        })
      }
      const netns = `${this.#options.runDir}/netns/${containerId}`
      const config = attachConfig(request, placed, { netns, upstreams })
      const answer = await this.#options.netd.request<'attach', AttachAnswer>('attach', config)
      const attached = { config, ports: answer.ports, warnings: answer.warnings }
      this.#attached.set(containerId, attached)
      for (const { network } of placed) this.#publish('connect', network.id, containerId)
      if (answer.warnings.length > 0) {
        this.#options.log.warn({ container: containerId, warnings: answer.warnings }, 'network with warnings')
      }
      return attached
    } catch (error) {
      for (const { network } of placed) this.#addresses.release(network.id, containerId)
      throw explainPortInUse(error, request, {
        networkId: placed[0]?.network.id ?? '',
        ownerOf: port => this.#ownerOf(port),
      })
    }
  }

  async #joinLive(request: NetworkRequest, network: NetworkRecord, settings: EndpointSettings): Promise<void> {
    const { containerId } = request
    await this.#options.bringUp(network)
    const leases = this.#addresses.take(network, containerId, wantedAddresses(settings))
    const taken = new Set(this.#attached.get(containerId)?.config.endpoints.map(one => one.interface))
    let number = 0
    while (taken.has(`eth${number}`)) number++
    const endpoint = endpointConfig(
      request,
      { network, settings, leases },
      { interfaceName: `eth${number}`, routes: [] },
    )
    try {
      await this.#options.netd.request('connect', { containerId, endpoint })
    } catch (error) {
      this.#addresses.release(network.id, containerId)
      throw error
    }
    this.#replaceEndpoints(containerId, all => [...all, endpoint])
    this.#publish('connect', network.id, containerId)
  }

  /** dockerd's rule: links of the container (not those of a network) are for the default network, and their targets run in it. */
  #checkLinks(request: NetworkRequest): void {
    const { main } = { main: undefined, ...parseMode(request.mode) }
    if (main !== 'bridge') return
    for (const { container, alias } of (request.links ?? []).map(parseLink)) {
      const target = this.#findRequest(container)
      if (target === undefined || !this.#attached.has(target.containerId)) {
        throw new BerthError(
          'CONFLICT',
          `Cannot link to a non running container: /${container} AS /${request.name}/${alias}`,
        )
      }
      if (!this.#wishes(target).some(wish => wish.network.name === 'bridge')) {
        throw new BerthError(
          'INVALID_ARGUMENT',
          `container ${target.containerId} not attached to default bridge network`,
        )
      }
    }
  }

  /** After a connect or disconnect: the default routes and the published ports go where the container now goes out by. */
  async #followExits(request: NetworkRequest): Promise<void> {
    const { containerId } = request
    const attached = this.#attached.get(containerId)
    if (attached === undefined) return
    const { gateways, ports } = exitChanges(request, this.#wishes(request), attached)
    for (const { networkId, gateways: wanted } of gateways) {
      await this.#options.netd.request('gateways', { containerId, networkId, gateways: wanted })
      this.#replaceEndpoints(containerId, all =>
        all.map(one => (one.networkId === networkId ? { ...one, gateways: wanted } : one)),
      )
    }
    if (ports === undefined) return
    const answer = await this.#options.netd.request<'ports', AttachAnswer>('ports', { containerId, ports })
    const config = this.#attached.get(containerId)?.config ?? attached.config
    this.#attached.set(containerId, { config: { ...config, ports }, ports: answer.ports, warnings: answer.warnings })
  }

  #replaceEndpoints(containerId: string, change: (all: AttachConfig['endpoints']) => AttachConfig['endpoints']): void {
    const attached = this.#attached.get(containerId)
    if (attached === undefined) return
    const config = { ...attached.config, endpoints: change(attached.config.endpoints) }
    this.#attached.set(containerId, { ...attached, config })
  }

  #ownerOf(hostPort: number): string | undefined {
    const owner = [...this.#attached].find(([, other]) => other.ports.some(one => one.hostPort === hostPort))?.[0]
    return owner === undefined ? undefined : this.#options.requests.get(owner)?.name
  }

  #publish(action: 'connect' | 'disconnect', networkId: string, containerId: string): void {
    const network = this.#options.catalog.get(networkId)
    if (network === undefined) return
    this.#options.events.publish('network', action, networkId, {
      container: containerId,
      name: network.name,
      type: network.driver,
    })
  }
}
