import { isIP } from 'node:net'
import { listNode, type MapNode, type Mark, mapNode, type Node, scalarNode, scalarText, valueAt } from '../yaml/node.ts'
import { childPath } from '../yaml/path.ts'
import { fail, type Handler, type Spot } from './handler.ts'

/** `services.*.ports`: each short form becomes one long form per container port. */
export const ports: Handler = (node, spot) => {
  if (node.kind !== 'list') return node
  const items = node.items.flatMap((item, index) => {
    const at = { ...spot, path: childPath(spot.path, index), mark: item.mark }
    return item.kind === 'map' ? optional(longPort(item, at)) : shortPort(item, at)
  })
  return listNode(items, node.mark)
}

interface PortRange {
  readonly first: number
  readonly last: number
}

export type ShortPort =
  | {
      readonly ok: true
      readonly hostIp: string
      readonly published: PortRange | undefined
      readonly target: PortRange
      readonly protocol: string
    }
  | { readonly ok: false; readonly message: string; readonly hint?: string }

/** Takes `[[ip:][host]:]container[/protocol]` apart; both ports may be ranges. */
export function parseShortPort(text: string): ShortPort {
  const [address = '', protocolText, ...more] = text.split('/')
  const protocol = (protocolText ?? 'tcp').toLowerCase()
  if (more.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol)) {
    return { ok: false, message: `the protocol of the port ${JSON.stringify(text)} must be tcp, udp or sctp` }
  }
  const parts = address.split(':')
  const container = parts.at(-1) ?? ''
  const host = parts.length > 1 ? (parts.at(-2) ?? '') : ''
  const hostText = parts.slice(0, -2).join(':')
  const hostIp = hostText.replace(/^\[(.*)\]$/, '$1')
  if (hostText === hostIp && isIP(hostIp) === 6) {
    return {
      ok: false,
      message: `the IPv6 address in the port ${JSON.stringify(text)} needs brackets`,
      hint: `write [${hostIp}]:${host}:${container}`,
    }
  }
  if (hostIp !== '' && isIP(hostIp) === 0) {
    return {
      ok: false,
      message: `${JSON.stringify(hostIp)} in the port ${JSON.stringify(text)} is not an IP address`,
      ...(hostIp === 'localhost' ? { hint: `write 127.0.0.1:${host}:${container}` } : {}),
    }
  }
  if (container === '') return { ok: false, message: `the port ${JSON.stringify(text)} has no container port` }
  const target = portRange(container)
  if (target === undefined) return badPort(container, text, 'container')
  const published = host === '' ? undefined : portRange(host)
  if (host !== '' && published === undefined) return badPort(host, text, 'host')
  if (published !== undefined && target.first !== target.last && width(published) !== width(target)) {
    return {
      ok: false,
      message: `the ranges of the port ${JSON.stringify(text)} differ in length: ${host} on the host, ${container} in the container`,
    }
  }
  return { ok: true, hostIp, published, target, protocol }
}

function shortPort(node: Node, spot: Spot): readonly Node[] {
  if (node.kind !== 'scalar') return [node]
  const text = scalarText(node.value)
  const port = parseShortPort(text)
  if (!port.ok) return optional(fail(node, spot, { code: 'wrong-port', message: port.message, hint: port.hint }))
  const { hostIp, published, target, protocol } = port
  return Array.from({ length: width(target) }, (_, index) => {
    // One container port with a range on the host stays one entry: the engine takes a free port of the range.
    const isPool = published !== undefined && width(target) === 1 && width(published) > 1
    const host =
      published === undefined ? '' : isPool ? `${published.first}-${published.last}` : String(published.first + index)
    return portNode(node.mark, {
      mode: 'ingress',
      ...(hostIp === '' ? {} : { host_ip: hostIp }),
      target: target.first + index,
      ...(host === '' ? {} : { published: host }),
      protocol,
    })
  })
}

function longPort(node: MapNode, spot: Spot): Node | undefined {
  const target = valueAt(node, 'target')
  if (target?.kind !== 'scalar') {
    return fail(node, spot, { code: 'missing-key', message: 'a port needs a target: the port in the container' })
  }
  const number = Number(target.value)
  if (portRange(String(target.value)) === undefined && !spot.context.isTemplate) {
    return fail(target, spot, { code: 'wrong-port', message: `${scalarText(target.value)} is not a port (1 to 65535)` })
  }
  const hostIp = valueAt(node, 'host_ip')
  if (hostIp?.kind === 'scalar' && hostIp.value !== '' && isIP(scalarText(hostIp.value)) === 0) {
    const failed = fail(
      hostIp,
      { ...spot, path: childPath(spot.path, 'host_ip') },
      {
        code: 'wrong-port',
        message: `${JSON.stringify(hostIp.value)} is not an IP address`,
      },
    )
    if (failed === undefined) return undefined
  }
  const published = valueAt(node, 'published')
  if (published?.kind === 'scalar' && published.value !== '' && portRange(scalarText(published.value)) === undefined) {
    const failed = fail(
      published,
      { ...spot, path: childPath(spot.path, 'published') },
      {
        code: 'wrong-port',
        message: `${JSON.stringify(published.value)} is not a port or a range of ports`,
      },
    )
    if (failed === undefined) return undefined
  }
  const entries = new Map(node.entries)
  const { mark } = node
  if (Number.isInteger(number)) entries.set('target', { mark: target.mark, value: scalarNode(number, target.mark) })
  if (published?.kind === 'scalar') {
    entries.set('published', { mark: published.mark, value: scalarNode(scalarText(published.value), published.mark) })
  }
  if (!entries.has('protocol')) entries.set('protocol', { mark, value: scalarNode('tcp', mark) })
  if (!entries.has('mode')) entries.set('mode', { mark, value: scalarNode('ingress', mark) })
  return mapNode(entries, mark)
}

function portNode(mark: Mark | undefined, values: Readonly<Record<string, string | number>>): Node {
  return mapNode(
    new Map(Object.entries(values).map(([key, value]) => [key, { mark, value: scalarNode(value, mark) }])),
    mark,
  )
}

function portRange(text: string): PortRange | undefined {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return first <= last && last <= 65535 ? { first, last } : undefined
}

function width({ first, last }: PortRange): number {
  return last - first + 1
}

function badPort(part: string, text: string, where: string): ShortPort {
  return {
    ok: false,
    message: `${JSON.stringify(part)} in ${JSON.stringify(text)} is not a ${where} port or a range of them (up to 65535)`,
  }
}

function optional<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value]
}
