import type { PortSummary } from '../../schemas/api/containers.ts'

/** Ports of a container as docker lists them: `0.0.0.0:8000-8001->80-81/tcp, 443/tcp`; neighbours are drawn together. */
export function formatPorts(ports: readonly PortSummary[]): string {
  const ranges: Range[] = []
  for (const port of [...ports].sort(comparePorts)) {
    const last = ranges.at(-1)
    if (last && continues(last, port)) {
      last.privateEnd = port.PrivatePort
      last.publicEnd = port.PublicPort
    } else {
      ranges.push({ first: port, privateEnd: port.PrivatePort, publicEnd: port.PublicPort })
    }
  }
  return ranges.map(formatRange).join(', ')
}

interface Range {
  readonly first: PortSummary
  privateEnd: number
  publicEnd: number | undefined
}

function continues({ first, privateEnd, publicEnd }: Range, port: PortSummary): boolean {
  if (first.IP !== port.IP || first.Type !== port.Type || port.PrivatePort !== privateEnd + 1) return false
  return publicEnd === undefined ? port.PublicPort === undefined : port.PublicPort === publicEnd + 1
}

function formatRange({ first, privateEnd, publicEnd }: Range): string {
  const inside = `${span(first.PrivatePort, privateEnd)}/${first.Type}`
  if (first.PublicPort === undefined) return inside
  const address = first.IP?.includes(':') ? `[${first.IP}]` : first.IP
  return `${address ? `${address}:` : ''}${span(first.PublicPort, publicEnd ?? first.PublicPort)}->${inside}`
}

function span(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`
}

/** Published ones of one address together, IPv4 before IPv6. */
function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.Type.localeCompare(b.Type) ||
    Number(a.PublicPort === undefined) - Number(b.PublicPort === undefined) ||
    Number(a.IP?.includes(':') ?? false) - Number(b.IP?.includes(':') ?? false) ||
    (a.IP ?? '').localeCompare(b.IP ?? '') ||
    a.PrivatePort - b.PrivatePort ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0)
  )
}
