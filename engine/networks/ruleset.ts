import type { AttachConfig, NetworkConfig, PublishedPort } from '../../schemas/runtime/netd.ts'

/** What netd's table says, beside the rules that never change: everything that differs between two hosts. */
export interface RulesetInput {
  readonly networks: readonly NetworkConfig[]
  readonly containers: readonly (Pick<AttachConfig, 'containerId'> & { readonly ports: readonly PublishedPort[] })[]
}

const family = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)
const bracket = (address: string): string => (family(address) === 6 ? `[${address}]` : address)

/**
 * The sets and maps of netd's table as text, one line per element, sorted: for bug reports and golden
 * tests. Ports whose two ends are of different families are the relay's and marked so.
 */
export function describeRuleset({ networks, containers }: RulesetInput): string {
  const lines = networks.flatMap(network => {
    const name = `${network.bridge} (${network.name})`
    return [
      ...(network.allowsPeers ? [`peers      ${name}`] : []),
      ...(network.isInternal ? [`internal   ${name}`] : []),
      ...(!network.isInternal && network.masquerade ? [`masquerade ${name} ${network.gateways.join(' ')}`] : []),
    ]
  })
  for (const { containerId, ports } of containers) {
    for (const port of ports) {
      const way = family(port.hostAddress) === family(port.containerAddress) ? 'publish' : 'relay'
      lines.push(
        `${way.padEnd(10)} ${port.protocol} ${bracket(port.hostAddress)}:${port.hostPort} -> ${bracket(port.containerAddress)}:${port.containerPort} (${containerId.slice(0, 12)})`,
      )
    }
  }
  return lines.length === 0 ? '' : `${lines.sort().join('\n')}\n`
}
