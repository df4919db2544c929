import { posix } from 'node:path'
import { parsePortKey } from '../networks/ports.ts'

/** A container that another one has a link to (`docker run --link db:store`), as it runs. */
export interface LinkedContainer {
  readonly alias: string
  readonly address: string
  readonly exposedPorts: readonly string[]
  readonly environment: readonly string[]
}

interface Port {
  readonly port: number
  readonly protocol: string
}

/** Variables that tell a container where its links are, as dockerd sets them (moby daemon/links/links.go). Pure. */
export function linkEnvironment(parent: string, link: LinkedContainer): readonly string[] {
  const prefix = link.alias.replaceAll('-', '_').toUpperCase()
  const ports = link.exposedPorts.map(parsePortKey).sort(tcpFirst)
  const url = ({ port, protocol }: Port): string => `${protocol}://${link.address}:${port}`
  const name = ({ port, protocol }: Port): string => `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
  const [first] = ports
  return [
    `${prefix}_NAME=${posix.join('/', parent, link.alias)}`,
    ...(first === undefined ? [] : [`${prefix}_PORT=${url(first)}`]),
    ...rangesOf(ports).flatMap(([start, end]) => [
      `${name(start)}_START=${url(start)}`,
      `${name(start)}_PORT_START=${start.port}`,
      `${name(start)}_END=${url(end)}`,
      `${name(start)}_PORT_END=${end.port}`,
    ]),
    ...ports.flatMap(port => [
      `${name(port)}=${url(port)}`,
      `${name(port)}_ADDR=${link.address}`,
      `${name(port)}_PORT=${port.port}`,
      `${name(port)}_PROTO=${port.protocol}`,
    ]),
    ...link.environment
      .filter(entry => entry.includes('=') && !/^(?:HOME|PATH)=/.test(entry))
      .map(entry => `${prefix}_ENV_${entry}`),
  ]
}

const tcpFirst = (a: Port, b: Port): number =>
  a.protocol === b.protocol ? a.port - b.port : a.protocol === 'tcp' ? -1 : b.protocol === 'tcp' ? 1 : 0

/** First and last of each run of neighbouring ports. */
function rangesOf(ports: readonly Port[]): readonly (readonly [Port, Port])[] {
  const ranges: [Port, Port][] = []
  for (const port of ports) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1].protocol === port.protocol && last[1].port + 1 === port.port) last[1] = port
    else ranges.push([port, port])
  }
  return ranges.filter(([start, end]) => start !== end)
}
