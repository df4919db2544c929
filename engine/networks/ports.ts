import type { PortSummary } from '../../schemas/api/containers.ts'
import type { PortMap } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { PublishedPort } from '../../schemas/runtime/netd.ts'
import { parseAddress } from './cidr.ts'

type Protocol = PublishedPort['protocol']

/** Where published ports lead: the container's addresses in the network that it reaches the world by. */
export interface PortTargets {
  readonly ipv4: string | undefined
  readonly ipv6: string | undefined
}

export interface PortRequest {
  readonly exposedPorts: readonly string[]
  readonly portBindings: PortMap
  readonly publishAllPorts: boolean
}

interface PortKey {
  readonly port: number
  readonly protocol: Protocol | 'sctp'
}

/** `80`, `80/tcp`. Throws INVALID_ARGUMENT. */
export function parsePortKey(text: string): PortKey {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text.toLowerCase())
  const port = Number(match?.[1])
  if (match === null || port < 1 || port > 65535) {
    throw new BerthError('INVALID_ARGUMENT', `invalid port "${text}": expected 1-65535, then /tcp, /udp or nothing`)
  }
  return { port, protocol: (match[2] ?? 'tcp') as PortKey['protocol'] }
}

/** `''` and `0` = any free port. */
function parseHostPort(text: string): { hostPort: number; hostPortEnd?: number } {
  if (text === '') return { hostPort: 0 }
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? match?.[1])
  if (match === null || first > 65535 || last > 65535 || last < first) {
    throw new BerthError('INVALID_ARGUMENT', `invalid port specification: "${text}"`)
  }
  return last === first ? { hostPort: first } : { hostPort: first, hostPortEnd: last }
}

/**
 * What netd is to publish; pure. A binding without an address means 0.0.0.0 and [::]; an IPv6 host address leads to the container's IPv4 one where it has
 * no other. `defaultHostAddress` replaces 0.0.0.0 (com.docker.network.bridge.host_binding_ipv4). Throws INVALID_ARGUMENT.
 */
export function publishedPorts(request: PortRequest, targets: PortTargets, defaultHostAddress = ''): PublishedPort[] {
  const bindings: PortMap = { ...request.portBindings }
  if (request.publishAllPorts) {
    for (const exposed of request.exposedPorts) bindings[exposed] ??= [{ HostIp: '', HostPort: '' }]
  }
  return Object.entries(bindings).flatMap(([key, hosts]) =>
    hosts.flatMap(({ HostIp, HostPort }) =>
      publish(parsePortKey(key), HostIp || defaultHostAddress, HostPort, targets),
    ),
  )
}

function publish(key: PortKey, hostIp: string, hostPort: string, targets: PortTargets): PublishedPort[] {
  const { protocol } = key
  if (protocol === 'sctp')
    throw new BerthError('INVALID_ARGUMENT', `port ${key.port}/sctp cannot be published: only tcp and udp`)
  const ports = parseHostPort(hostPort)
  const hosts = hostIp === '' ? ['0.0.0.0', '::'] : [hostIp.replace(/^\[(.*)\]$/, '$1')]
  return hosts.flatMap(hostAddress => {
    const family = parseAddress(hostAddress)?.family
    if (family === undefined) throw new BerthError('INVALID_ARGUMENT', `invalid IP address: ${hostAddress}`)
    const containerAddress = family === 4 ? targets.ipv4 : (targets.ipv6 ?? targets.ipv4)
    return containerAddress === undefined
      ? []
      : [{ protocol, hostAddress, ...ports, containerAddress, containerPort: key.port }]
  })
}

/** The ports wanted now with the host ports that they had, where these were picked from a range or at random. */
export function keepNumbers(wanted: readonly PublishedPort[], had: readonly PublishedPort[]): PublishedPort[] {
  return wanted.map(port => {
    const former = had.find(
      one =>
        one.protocol === port.protocol &&
        one.hostAddress === port.hostAddress &&
        one.containerPort === port.containerPort &&
        (port.hostPort === 0 || (one.hostPort >= port.hostPort && one.hostPort <= (port.hostPortEnd ?? port.hostPort))),
    )
    if (former === undefined) return port
    const { hostPortEnd: _, ...rest } = port
    return { ...rest, hostPort: former.hostPort }
  })
}

/** NetworkSettings.Ports: exposed ports with null, published ones with where. */
export function portMapView(
  exposed: readonly string[],
  published: readonly PublishedPort[],
): Record<string, PortMap[string] | null> {
  const view: Record<string, { HostIp: string; HostPort: string }[] | null> = {}
  for (const key of exposed) view[key.includes('/') ? key : `${key}/tcp`] = null
  for (const port of published) {
    const key = `${port.containerPort}/${port.protocol}`
    view[key] = [...(view[key] ?? []), { HostIp: port.hostAddress, HostPort: String(port.hostPort) }]
  }
  return view
}

/** `Ports` of the container list. */
export function portSummaries(exposed: readonly string[], published: readonly PublishedPort[]): PortSummary[] {
  const keys = new Set(published.map(port => `${port.containerPort}/${port.protocol}`))
  return [
    ...published.map(port => ({
      IP: port.hostAddress,
      PrivatePort: port.containerPort,
      PublicPort: port.hostPort,
      Type: port.protocol,
    })),
    ...exposed
      .map(key => parsePortKey(key))
      .filter(({ port, protocol }) => !keys.has(`${port}/${protocol}`))
      .map(({ port, protocol }) => ({ PrivatePort: port, Type: protocol })),
  ].sort((a, b) => a.PrivatePort - b.PrivatePort)
}
