/**
 * berthd <-> netd, over `<runDir>/netd.sock` (0600). netd outlives berthd; every op is idempotent: the same request again is no change and no error,
 * so berthd may send its whole desired state after a restart of either side. netd forgets nothing while it runs; `list` shows what it holds.
 */
export type NetdRequest =
  /** ok: {bridgeIndex}. Makes or adopts the bridge, its addresses, masquerade and isolation rules. */
  | ({ readonly op: 'networkCreate' } & NetworkConfig)
  /** ok: {}. */
  | { readonly op: 'networkRemove'; readonly networkId: string }
  /**
   * Makes the network namespace (bind-mounted at `netns`, taken from a pool when one is ready) with lo up, one interface per endpoint, routes, the
   * published ports and the DNS server of the container. ok: {endpoints: [{networkId, interface, mac}], ports: [PublishedPort with hostPort filled]}.
   * errno EADDRINUSE with the port in the message when a host port is taken; then nothing is left behind.
   */
  | ({ readonly op: 'attach' } & AttachConfig)
  /** Adds or removes one network of an attached container (docker network connect). ok: {interface, mac}. */
  | { readonly op: 'connect'; readonly containerId: string; readonly endpoint: EndpointConfig }
  | { readonly op: 'disconnect'; readonly containerId: string; readonly networkId: string }
  /** Removes ports, names, interfaces and the namespace. ok: {}, also when there is none. */
  | { readonly op: 'detach'; readonly containerId: string }
  /** ok: {networks: NetworkConfig[], containers: AttachConfig[]} as they stand. */
  | { readonly op: 'list' }
  /** ok: {routes: string[]} the host's IPv4/IPv6 destinations as CIDR, for the address allocator. */
  | { readonly op: 'routes' }
  /** Ends netd after removing everything it made. ok: {}. Without it, netd runs on. */
  | { readonly op: 'shutdown' }

export interface NetworkConfig {
  readonly networkId: string
  /** Interface name, at most 15 bytes. */
  readonly bridge: string
  /** The gateway's address on the bridge with prefix, e.g. `10.201.0.1/24`; IPv4 first. */
  readonly gateways: readonly string[]
  readonly mtu: number
  /** No route out and no masquerade. */
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
  /** Default route through this gateway, at most one endpoint of a container has it per address family. */
  readonly gateways: readonly string[]
  /** Names that other containers of the network resolve to these addresses: service, container name, aliases, short id. */
  readonly names: readonly string[]
}

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp'
  /** `0.0.0.0`, `::`, or an address of the host. */
  readonly hostAddress: string
  /** 0 = netd picks a free one. */
  readonly hostPort: number
  readonly containerAddress: string
  readonly containerPort: number
}

export interface AttachConfig {
  readonly containerId: string
  /** Where the namespace is bind-mounted, e.g. `<runDir>/netns/<id>`. */
  readonly netns: string
  readonly endpoints: readonly EndpointConfig[]
  readonly ports: readonly PublishedPort[]
  /** Servers for names that no container has; DNS answers only on 127.0.0.11:53 inside the namespace. Empty `endpoints` = no DNS server. */
  readonly upstreams: readonly string[]
  readonly sysctls: Readonly<Record<string, string>>
}
