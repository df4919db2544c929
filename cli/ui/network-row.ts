import type { NetworkInspect } from '../../schemas/api/networks.ts'
import type { NetworkRow } from '../../schemas/output/networks.ts'
import { labelsText } from './labels-text.ts'
import type { Column } from './table.ts'

/** A network as a list shows it; `.Label "name"` is for templates. */
export type ShownNetwork = NetworkRow & { readonly Label: (name: string) => string }

export const networkHeaders: Readonly<Record<string, unknown>> = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  CreatedAt: 'CREATED AT',
  Label: (name: string) => name,
}

export const networkColumns: readonly Column<ShownNetwork>[] = [
  { title: 'NETWORK ID', value: row => row.ID },
  { title: 'NAME', value: row => row.Name },
  { title: 'DRIVER', value: row => row.Driver },
  { title: 'SCOPE', value: row => row.Scope },
]

export function networkRow(network: NetworkInspect, isFull: boolean): ShownNetwork {
  const { Id, Name, Driver, Scope, EnableIPv4, EnableIPv6, Internal, Labels, Created } = network
  return {
    ID: isFull ? Id : Id.slice(0, 12),
    Name,
    Driver,
    Scope,
    IPv4: String(EnableIPv4 ?? true),
    IPv6: String(EnableIPv6),
    Internal: String(Internal),
    Labels: labelsText(Labels),
    CreatedAt: goTime(Created),
    Label: name => Labels[name] ?? '',
  }
}

/** `2026-01-31T12:00:00.1Z` as Go prints a time: `2026-01-31 12:00:00.1 +0000 UTC`. */
function goTime(text: string): string {
  return text.replace(/^(\S+)T(\S+)Z$/, '$1 $2 +0000 UTC')
}
