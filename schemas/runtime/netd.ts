import type { OciIdMapping } from './oci.ts'

/**
 * berthd <-> netd, over `<runDir>/netd.sock` (0600). netd outlives berthd; every op is idempotent: the same request again is no change and no error.
 * netd keeps what it was told in `<runDir>/netd/` too, so that a netd that was killed takes everything up again by itself when it is started.
 * Requests of one connection are answered in order.
 */
export type NetdRequest =
  /** ok: {bridgeIndex}. Makes or adopts the bridge, its addresses, masquerade and isolation rules. */
  | ({ readonly op: 'networkCreate' } & NetworkConfig)
  /** ok: {}. errno EBUSY while containers are in it. */
  | { readonly op: 'networkRemove'; readonly networkId: string }
  /**
   * Makes the network namespace (bind-mounted at `netns`, taken from a pool when one is ready) with lo up, one interface per endpoint, routes, the
   * published ports and the DNS server of the container. ok: AttachAnswer.
   * errno EADDRINUSE with the port in the message when a host port is taken; then nothing is left behind. errno EEXIST when the container is
   * attached with another configuration.
   */
  | ({ readonly op: 'attach' } & AttachConfig)
  /** Adds or removes one network of an attached container (docker network connect). ok: {}. */
  | { readonly op: 'connect'; readonly containerId: string; readonly endpoint: EndpointConfig }
  | { readonly op: 'disconnect'; readonly containerId: string; readonly networkId: string }
  /** Replaces the names of an endpoint (docker rename). ok: {}. */
  | {
      readonly op: 'names'
      readonly containerId: string
      readonly networkId: string
      readonly names: readonly string[]
    }
  /** Replaces the default routes through one endpoint, after a connect or disconnect changed which network leads out. ok: {}. */
  | {
      readonly op: 'gateways'
      readonly containerId: string
      readonly networkId: string
      readonly gateways: readonly string[]
    }
  /** Replaces the published ports of a container. ok: AttachAnswer. errno EADDRINUSE leaves it without any. */
  | { readonly op: 'ports'; readonly containerId: string; readonly ports: readonly PublishedPort[] }
  /** Removes ports, names, interfaces and the namespace. ok: {}, also when there is none. */
  | { readonly op: 'detach'; readonly containerId: string }
  /** ok: NetdState. */
  | { readonly op: 'list' }
  /** ok: {routes: string[]} the host's IPv4/IPv6 destinations as CIDR, for the address allocator. */
  | { readonly op: 'routes' }
  /**
   * Ends netd after removing everything it made, unless a container is attached. ok: {ended}. Rules that the administrator wrote into the chain `user`
   * keep the table.
   */
  | { readonly op: 'retire' }
  /** Ends netd after removing everything it made. ok: {}. Without it, netd runs on. */
  | { readonly op: 'shutdown' }

export interface NetworkConfig {
  readonly networkId: string
  /** The network's name: `web.shop_default` resolves beside `web`. */
  readonly name: string
  /** Interface name, at most 15 bytes: the bridge, which netd makes, or the parent of `link`, which must be there. */
  readonly bridge: string
  /** Instead of a bridge: every container gets a child of the interface `bridge`. macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s. */
  readonly link?: { readonly driver: 'macvlan' | 'ipvlan'; readonly mode: string }
  /** The gateway's address on the bridge with prefix, e.g. `10.201.0.1/24`; IPv4 first. */
  readonly gateways: readonly string[]
  /** 0 = the kernel's default. */
  readonly mtu: number
  /** No route out, no masquerade, no name forwarded. */
  readonly isInternal: boolean
  readonly masquerade: boolean
  /** Containers of the network may talk to each other (com.docker.network.bridge.enable_icc). */
  readonly allowsPeers: boolean
}

export interface EndpointConfig {
  readonly networkId: string
  /** Name inside the container, e.g. `eth0`. */
  readonly interface: string
  readonly mac: string
  /** With prefix length. */
  readonly addresses: readonly string[]
  /**
   * Default route through this gateway, at most one endpoint of a container has it per address family. `0.0.0.0` and `::`: without a gateway
   * (ipvlan l3).
   */
  readonly gateways: readonly string[]
  /**
   * Names that other containers of the network resolve to these addresses: container name first (reverse lookups answer it), service, aliases,
   * short id.
   */
  readonly names: readonly string[]
  /** Names that this container alone resolves, each to a name of the network: `docker run --link db:store` = `{ store: 'db' }`. */
  readonly links?: Readonly<Record<string, string>>
}

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp'
  /** `0.0.0.0`, `::`, or an address of the host. */
  readonly hostAddress: string
  /** 0 = netd picks a free one. Ports that follow one another with the same container port and hostPort 0 share one number. */
  readonly hostPort: number
  /** The first free one of hostPort..hostPortEnd is taken. */
  readonly hostPortEnd?: number
  readonly containerAddress: string
  readonly containerPort: number
}

export interface AttachConfig {
  readonly containerId: string
  /** Where the namespace is bind-mounted, e.g. `<runDir>/netns/<id>`. Its folder exists. */
  readonly netns: string
  readonly endpoints: readonly EndpointConfig[]
  readonly ports: readonly PublishedPort[]
  readonly dns: DnsConfig
  /** `net.*` only. */
  readonly sysctls: Readonly<Record<string, string>>
  /** A new user namespace with these maps owns the network namespace, and lives as long; both or none. */
  readonly uidMappings?: readonly OciIdMapping[]
  readonly gidMappings?: readonly OciIdMapping[]
}

/** The server at 127.0.0.11:53 inside the namespace; there is none when the container has no endpoint. */
export interface DnsConfig {
  /** Servers for names that no container has, asked in order, from the host's namespace. Never asked when every network is internal. */
  readonly upstreams: readonly string[]
  /** False answers NXDOMAIN for unknown names without a dot (dockerd: when `ndots` is set above 0). */
  readonly forwardsSingleLabels: boolean
}

export interface AttachAnswer {
  /** With hostPort filled in. */
  readonly ports: readonly PublishedPort[]
  /** What this kernel could not do, in sentences: e.g. ports are proxied for lack of nftables. */
  readonly warnings: readonly string[]
}

export interface NetdState {
  readonly networks: readonly NetworkConfig[]
  readonly containers: readonly (AttachConfig & AttachAnswer)[]
  /** Whether the kernel has what address translation needs. */
  readonly hasNftables: boolean
}
