import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import type { NetworkCreateRequest, NetworkInspect } from '../../schemas/api/networks.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { NetdState } from '../../schemas/runtime/netd.ts'
import type { EventBus } from '../events/bus.ts'
import { booleanFilter, type Filters, matchesAny, matchesLabels } from '../http/filters.ts'
import { NativeError } from '../runtime/connection.ts'
import type { NetworkCatalog } from './catalog.ts'
import { type Cidr, parseCidr } from './cidr.ts'
import type { ContainerAttachments } from './container-networks.ts'
import { networkConfig } from './endpoints.ts'
import type { Netd } from './netd.ts'
import { newNetwork, subnetsOf } from './new-network.ts'
import { bridgeOptions, isPredefined, isUserDriver, type NetworkRecord } from './record.ts'
import { describeRuleset } from './ruleset.ts'
import { containerView, networkView } from './views.ts'

export interface NetworkServiceOptions {
  readonly catalog: NetworkCatalog
  readonly netd: Netd
  readonly events: EventBus
  /** 64 hexadecimal digits, a new one each time. */
  readonly newId: () => string
  /** RFC 3339 */
  readonly now: () => string
}

/** Networks as the API has them. `attachments` knows who is in them. */
export class NetworkService {
  readonly #options: NetworkServiceOptions
  readonly #attachments: () => ContainerAttachments
  /** Networks that netd has or is making. */
  readonly #up = new Map<string, Promise<unknown>>()

  constructor(options: NetworkServiceOptions, attachments: () => ContainerAttachments) {
    this.#options = options
    this.#attachments = attachments
  }

  /** Makes `bridge`, `host` and `none` where a store is new. Their bridge is made when the first container needs it. */
  async definePredefined(): Promise<void> {
    const { catalog, newId, now } = this.#options
    if (catalog.byName('bridge') === undefined) {
      const request = {
        Name: 'default-bridge',
        Options: { [bridgeOptions.peers]: 'true', [bridgeOptions.masquerade]: 'true' },
      }
      const draft = this.#plan(request, await this.#hostRoutes())
      await catalog.put({ ...draft, name: 'bridge' })
    }
    for (const [name, driver] of [
      ['host', 'host'],
      ['none', 'null'],
    ] as const) {
      if (catalog.byName(name) !== undefined) continue
      await catalog.put({
        id: newId(),
        name,
        created: now(),
        driver,
        isInternal: false,
        isAttachable: false,
        hasIpv4: true,
        hasIpv6: false,
        ipam: { Driver: 'default', Config: [] },
        options: {},
        labels: {},
        bridge: '',
      })
    }
  }

  /** Throws CONFLICT `network with name x already exists`, and what newNetwork throws. */
  async create(request: NetworkCreateRequest): Promise<NetworkRecord> {
    const { events } = this.#options
    const isPicked = !(request.IPAM?.Config ?? []).some(config => config.Subnet)
    for (let attempt = 1; ; attempt++) {
      try {
        const record = await this.#make(request)
        events.publish('network', 'create', record.id, { name: record.name, type: record.driver })
        return record
      } catch (error) {
        // Between our look at the host's routes and the bridge somebody else, such as another daemon, took the subnet: the next look sees it.
        if (!(isPicked && isSubnetTaken(error) && attempt < pickAttempts)) throw explainTaken(error)
      }
    }
  }

  async #make(request: NetworkCreateRequest): Promise<NetworkRecord> {
    const { catalog } = this.#options
    const routes = await this.#hostRoutes()
    // From the plan to the put there is no await: of two creates, the second finds the first one's name and subnet taken.
    const record = this.#plan(request, routes)
    if (catalog.byName(record.name) !== undefined) {
      throw new BerthError('CONFLICT', `network with name ${record.name} already exists`)
    }
    const put = catalog.put(record)
    try {
      await Promise.all([put, this.bringUp(record)])
    } catch (error) {
      await put.catch(() => undefined)
      await catalog.delete(record.id)
      await this.#takeDown(record.id).catch(() => undefined)
      throw error
    }
    return record
  }

  inspect(text: string): NetworkInspect {
    const record = this.#options.catalog.require(text)
    const members = this.#attachments()
      .members(record.id)
      .map(
        ({ containerId, name, endpoint }) =>
          [containerId, containerView(record.id, containerId, name, endpoint)] as const,
      )
    return networkView(record, Object.fromEntries(members))
  }

  list(filters: Filters): NetworkInspect[] {
    for (const type of filters.get('type') ?? [])
      if (type !== 'builtin' && type !== 'custom')
        throw new BerthError('INVALID_ARGUMENT', `invalid filter: 'type'='${type}'`)
    const isDangling = booleanFilter(filters, 'dangling')
    return this.#options.catalog
      .list()
      .filter(
        record =>
          matchesLabels(record.labels, filters) &&
          matchesAny(filters, 'name', value => record.name.includes(value)) &&
          matchesAny(filters, 'id', value => record.id.startsWith(value)) &&
          matchesAny(filters, 'driver', value => record.driver === value) &&
          matchesAny(filters, 'scope', value => value === 'local') &&
          matchesAny(filters, 'type', value => (value === 'builtin') === isPredefined(record)) &&
          (isDangling === undefined ||
            isDangling === (!isPredefined(record) && !this.#attachments().isInUse(record.id))),
      )
      .map(record => networkView(record, {}))
  }

  /** Throws FORBIDDEN for predefined networks and for those with active endpoints. */
  async remove(text: string): Promise<void> {
    const record = this.#options.catalog.require(text)
    if (isPredefined(record)) {
      throw new BerthError('FORBIDDEN', `${record.name} is a pre-defined network and cannot be removed`)
    }
    if (this.#attachments().isInUse(record.id)) {
      const members = this.#attachments().members(record.id)
      const endpoints = members
        .map(({ name, containerId }) => `name:"${name}" id:"${containerId.slice(0, 12)}"`)
        .join(', ')
      throw new BerthError(
        'FORBIDDEN',
        `error while removing network: network ${record.name} has active endpoints (${endpoints})`,
      )
    }
    // The record goes first: nobody can start into the network any more.
    await Promise.all([this.#options.catalog.delete(record.id), this.#takeDown(record.id)])
    this.#attachments().forgetNetwork(record.id)
    this.#options.events.publish('network', 'destroy', record.id, { name: record.name, type: record.driver })
  }

  /** Removes what no container is in. Filters `label`, `label!`, `until` (`untilMs`: networks made before it). */
  async prune(filters: Filters, untilMs: number | undefined): Promise<string[]> {
    const unused = this.#options.catalog
      .list()
      .filter(
        record =>
          !isPredefined(record) &&
          !this.#attachments().isInUse(record.id) &&
          matchesLabels(record.labels, filters) &&
          (untilMs === undefined || Date.parse(record.created) < untilMs),
      )
    const results = await Promise.allSettled(unused.map(record => this.remove(record.id)))
    return unused.filter((_, i) => results[i]?.status === 'fulfilled').map(record => record.name)
  }

  /** The kernel's side of the networks that the filters (label, name, id) let through, as text: see describeRuleset. */
  async rules(filters: Filters): Promise<string> {
    const { netd } = this.#options
    const state = await netd.request<'list', NetdState>('list', {})
    const chosen = new Set(this.list(filters).map(network => network.Id))
    return describeRuleset({
      networks: state.networks.filter(network => chosen.has(network.networkId)),
      containers: state.containers.filter(({ endpoints }) => endpoints.some(one => chosen.has(one.networkId))),
    })
  }

  async connect(text: string, containerId: string, settings: EndpointSettings): Promise<void> {
    await this.#attachments().join(containerId, this.#options.catalog.require(text), settings)
  }

  async disconnect(text: string, containerId: string): Promise<void> {
    await this.#attachments().leave(containerId, this.#options.catalog.require(text))
  }

  /** Makes the network's bridge unless netd has it. Many may ask at once. */
  async bringUp(record: NetworkRecord): Promise<void> {
    if (!isUserDriver(record.driver)) return
    let pending = this.#up.get(record.id)
    if (pending === undefined) {
      pending = this.#settle(record)
      this.#up.set(record.id, pending)
      pending.catch(() => this.#up.delete(record.id))
    }
    await pending
  }

  /** The default network's subnet was picked when the store was new; when somebody took it before our bridge was made, another one is. */
  async #settle(record: NetworkRecord): Promise<void> {
    const { catalog, netd } = this.#options
    let wanted = record
    for (let attempt = 1; ; attempt++) {
      try {
        await netd.request('networkCreate', networkConfig(wanted))
        return
      } catch (error) {
        if (!(wanted.name === 'bridge' && isSubnetTaken(error) && attempt < pickAttempts)) throw error
      }
      const routes = await this.#hostRoutes()
      const others = catalog.list().filter(other => other.id !== record.id)
      wanted = { ...wanted, ipam: this.#plan({ Name: 'default-bridge' }, routes, others).ipam }
      this.#attachments().forgetNetwork(wanted.id)
      await catalog.put(wanted)
    }
  }

  /** What netd holds, after a (re)connection. Networks that have no record any more are left-overs of a crash. */
  adopt(state: NetdState): void {
    this.#up.clear()
    for (const network of state.networks) {
      if (this.#options.catalog.get(network.networkId) !== undefined) {
        this.#up.set(network.networkId, Promise.resolve())
      } else if (
        !state.containers.some(one => one.endpoints.some(endpoint => endpoint.networkId === network.networkId))
      ) {
        queueMicrotask(() => this.#takeDown(network.networkId).catch(() => undefined))
      }
    }
  }

  async #takeDown(networkId: string): Promise<void> {
    this.#up.delete(networkId)
    await this.#options.netd.request('networkRemove', { networkId })
  }

  async #hostRoutes(): Promise<readonly string[]> {
    return (await this.#options.netd.request<'routes', { routes: readonly string[] }>('routes', {})).routes
  }

  #plan(
    request: NetworkCreateRequest,
    routes: readonly string[],
    records: readonly NetworkRecord[] = this.#options.catalog.list(),
  ): NetworkRecord {
    const { newId, now } = this.#options
    const networks = records.flatMap(record => subnetsOf(record).map(subnet => ({ name: record.name, subnet })))
    // Our own bridges are among the routes: they count as networks, with their names in errors.
    const foreign = routes
      .map(route => parseCidr(route))
      .filter((route): route is Cidr => route !== undefined && !networks.some(({ subnet }) => isWithin(route, subnet)))
    return newNetwork(request, { id: newId(), created: now(), networks, routes: foreign })
  }
}

/** So many daemons may start at once and still each get a subnet. */
const pickAttempts = 16

/** EADDRINUSE of networkCreate. */
const isSubnetTaken = (error: unknown): boolean =>
  error instanceof NativeError && error.failure.stage === 'network' && error.failure.errno === 98

const explainTaken = (error: unknown): unknown =>
  isSubnetTaken(error)
    ? new BerthError('FORBIDDEN', `cannot create network: ${(error as NativeError).failure.message}`, { cause: error })
    : error

const isWithin = (inner: Cidr, outer: Cidr): boolean =>
  inner.family === outer.family &&
  inner.prefix >= outer.prefix &&
  inner.base >> BigInt((inner.family === 4 ? 32 : 128) - outer.prefix) ===
    outer.base >> BigInt((inner.family === 4 ? 32 : 128) - outer.prefix)
