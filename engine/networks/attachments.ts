import type { NetworkSettings, PortSummary } from '../../schemas/api/containers.ts'
import type { EndpointSettings, EndpointView } from '../../schemas/api/endpoint.ts'
import type { PortMap } from '../../schemas/api/host-config.ts'
import type { IdMaps } from '../users/remap.ts'

/** Everything about a container that networks need to know, as its client wrote it. Networks keep it on record until `release`. */
export interface NetworkRequest {
  readonly containerId: string
  /** Without a leading `/`. */
  readonly name: string
  readonly hostname: string
  /** Behind it in /etc/hosts. */
  readonly domainname?: string
  /** HostConfig.NetworkMode: `''` and `default` are `bridge`; `host`, `none`, `container:<id>`, or a network's name or id. */
  readonly mode: string
  /** NetworkingConfig.EndpointsConfig. A network that `mode` names and that is not here is joined with defaults. */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>
  /** Config.MacAddress-like wish for the network that `mode` names. */
  readonly macAddress?: string
  /** `80/tcp` of the request and of the image. */
  readonly exposedPorts: readonly string[]
  readonly portBindings: PortMap
  readonly publishAllPorts: boolean
  /** HostConfig.Links: `container:alias` or `container`, names that this container alone resolves in the default network. */
  readonly links?: readonly string[]
  /** HostConfig.Dns; empty = the host's resolv.conf. */
  readonly dns: readonly string[]
  readonly dnsOptions: readonly string[]
  /** Only the `net.*` ones are applied here; the rest is the runtime's. */
  readonly sysctls: Readonly<Record<string, string>>
  /** `docker run -h`-independent names that every network of the container gets besides its name and short id (compose: none). */
  readonly labels: Readonly<Record<string, string>>
  /** Of the user namespace that is to own the network namespace. */
  readonly idMaps?: IdMaps
}

/** What a start gets. */
export interface Attachment {
  /** Namespace to join by path; undefined = stay in the host's (`host`). For `container:<id>` it is that container's. */
  readonly netnsPath: string | undefined
  /** Lines for /etc/hosts: the container's own addresses with its full and its short hostname. */
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[]
  /** What /etc/resolv.conf shall say; undefined = a copy of the host's (`host`, `none`, `container:` decide alike). */
  readonly nameserver: '127.0.0.11' | undefined
  /** Said in the answer of the start or create, e.g. that this kernel cannot publish ports. */
  readonly warnings: readonly string[]
}

/** What the containers' side needs from networks. */
export interface ContainerNetworks {
  /**
   * At create: checks and records; resolves, when that is durable, with what the client is warned of. Throws at once NOT_FOUND `network x not found`, INVALID_ARGUMENT for a malformed port, address or alias, and for a user
   * address outside every subnet. Nothing is taken yet: addresses and ports are taken at `attach`, as dockerd does.
   */
  reserve(request: NetworkRequest): Promise<readonly string[]>
  /**
   * At start: addresses, interfaces, names, ports, namespace. Idempotent while attached (a restart by policy re-uses what is there).
   * Throws CONFLICT for an address in use, and for a port in use with dockerd's text. On failure nothing stays taken.
   */
  attach(containerId: string, options?: { readonly signal?: AbortSignal }): Promise<Attachment>
  /** After the exit (not before a restart by policy): gives all of it back. Idempotent. */
  detach(containerId: string): Promise<void>
  /** At remove; detaches too. Idempotent. */
  release(containerId: string): Promise<void>
  /** After `docker rename`. */
  rename(containerId: string, name: string): Promise<void>
  isAttached(containerId: string): boolean
  /** NetworkSettings of inspect; synchronous, from memory. */
  settings(containerId: string): NetworkSettings
  /** `Ports` of the container list. */
  ports(containerId: string): readonly PortSummary[]
  /** `NetworkSettings.Networks` of the container list. */
  endpoints(containerId: string): Readonly<Record<string, EndpointView>>
  /** Once at the daemon's start, with every container on record and whether it runs: forgets and detaches what nobody owns. */
  reconcile(containers: ReadonlyMap<string, { readonly isRunning: boolean }>): Promise<void>
}
