import type { NetworkCreateRequest } from '../../schemas/api/networks.ts'
import { berthVersion } from '../../schemas/version.ts'
import { label } from '../model/labels.ts'
import type { Network, Project, Service } from '../model/project.ts'
import type { Observed, ObservedNetwork } from '../observe/observed.ts'
import { key } from './keys.ts'
import type { Op, Reason } from './plan.ts'

export interface NetworkPlan {
  readonly ops: readonly Op[]
  /** Names of networks that are made anew: their containers have to be, too. */
  readonly replaced: ReadonlySet<string>
  readonly warnings: readonly string[]
  /** What makes the plan impossible. */
  readonly problems: readonly string[]
}

/** What stands in the way of a network that has to be made anew. */
export interface NetworkUsers {
  /** Ops that take its containers away, which must come before it can go. */
  readonly removalKeys: (network: string) => readonly string[]
  /** Names of containers that this plan does not touch: because of them the network stays as it is. */
  readonly staying: (network: string) => readonly string[]
}

/** Networks that the services use: made when missing, made anew when the engine's differ from the file and nobody else is in them. */
export function planNetworks(
  project: Project,
  observed: Observed,
  services: readonly Service[],
  users: NetworkUsers,
): NetworkPlan {
  const ops: Op[] = []
  const replaced = new Set<string>()
  const warnings: string[] = []
  const problems: string[] = []
  for (const network of usedNetworks(project, services)) {
    const { name } = network
    const existing = observed.networks[name]
    if (existing === undefined) {
      if (network.isExternal) problems.push(`network ${name} declared as external, but could not be found`)
      else ops.push(createOp(project, network, [{ text: 'does not exist' }], '+', []))
      continue
    }
    if (network.isExternal) continue
    if (existing.labels[label.project] !== project.name) {
      warnings.push(`network ${name} exists and was not made for this project; set "external: true" to use it as it is`)
      continue
    }
    const why = networkDifferences(project, network, existing)
    if (why.length === 0) continue
    const staying = users.staying(name)
    if (staying.length > 0) {
      warnings.push(`network ${name} differs from the file, and stays as it is because ${staying.join(', ')} is in it`)
      continue
    }
    replaced.add(name)
    ops.push(...replacementOf(project, network, existing.id, why, users.removalKeys(name)))
  }
  return { ops, replaced, warnings, problems }
}

function replacementOf(
  project: Project,
  network: Network,
  id: string,
  why: readonly Reason[],
  needs: readonly string[],
): readonly Op[] {
  const { name } = network
  const removeKey = key.network(name, 'remove')
  const partOf = key.network(name, 'create')
  return [
    { kind: 'network.remove', key: removeKey, needs, after: [], sign: '-', why, partOf, name, id },
    createOp(project, network, why, '±', [removeKey]),
  ]
}

function usedNetworks(project: Project, services: readonly Service[]): readonly Network[] {
  const keys = new Set(services.flatMap(service => service.networks.map(({ network }) => network)))
  return [...keys].sort().flatMap(name => project.networks[name] ?? [])
}

function createOp(
  project: Project,
  network: Network,
  why: readonly Reason[],
  sign: '+' | '±',
  needs: readonly string[],
): Op {
  const { name } = network
  return {
    kind: 'network.create',
    key: key.network(name, 'create'),
    needs,
    after: [],
    sign,
    why,
    name,
    body: networkBody(project, network),
  }
}

export function networkBody(project: Project, network: Network): NetworkCreateRequest {
  const { driver, options, config } = network.ipam
  const hasIpam = driver !== undefined || config.length > 0 || Object.keys(options).length > 0
  return {
    Name: network.name,
    Driver: network.driver ?? 'bridge',
    ...(network.isInternal && { Internal: true }),
    ...(network.isAttachable && { Attachable: true }),
    ...(network.enableIpv4 !== undefined && { EnableIPv4: network.enableIpv4 }),
    ...(network.enableIpv6 !== undefined && { EnableIPv6: network.enableIpv6 }),
    ...(Object.keys(network.driverOpts).length > 0 && { Options: { ...network.driverOpts } }),
    ...(hasIpam && {
      IPAM: {
        ...(driver !== undefined && { Driver: driver }),
        Options: { ...options },
        Config: config.map(({ subnet, gateway, ipRange, auxAddresses }) => ({
          ...(subnet !== undefined && { Subnet: subnet }),
          ...(gateway !== undefined && { Gateway: gateway }),
          ...(ipRange !== undefined && { IPRange: ipRange }),
          ...(auxAddresses && { AuxiliaryAddresses: { ...auxAddresses } }),
        })),
      },
    }),
    Labels: {
      ...network.labels,
      [label.project]: project.name,
      [label.network]: network.key,
      [label.configHash]: network.configHash,
      [label.version]: berthVersion,
    },
  }
}

/** Compares what the file asks for with what the engine has; what the file leaves open is never a difference. */
function networkDifferences(project: Project, network: Network, existing: ObservedNetwork): readonly Reason[] {
  const reasons: Reason[] = []
  const compare = (field: string, before: unknown, after: unknown): void => {
    if (JSON.stringify(before) === JSON.stringify(after)) return
    const path = `networks.${network.key}.${field}`
    const position = project.positionOf(path) ?? project.positionOf(`networks.${network.key}`)
    reasons.push({ text: `${field} changed`, field: { path, before, after, position } })
  }
  compare('driver', existing.driver, network.driver ?? 'bridge')
  compare('internal', existing.isInternal, network.isInternal)
  compare('attachable', existing.isAttachable, network.isAttachable)
  if (network.enableIpv6 !== undefined) compare('enable_ipv6', existing.enableIpv6, network.enableIpv6)
  for (const [option, value] of Object.entries(network.driverOpts))
    compare(`driver_opts.${option}`, existing.options[option], value)
  for (const [name, value] of Object.entries(network.labels)) compare(`labels.${name}`, existing.labels[name], value)
  for (const [index, wanted] of network.ipam.config.entries()) {
    const found = existing.ipam.find(({ subnet }) => subnet === wanted.subnet) ?? existing.ipam[index]
    if (wanted.subnet !== undefined) compare('ipam.config.subnet', found?.subnet, wanted.subnet)
    if (wanted.gateway !== undefined) compare('ipam.config.gateway', found?.gateway, wanted.gateway)
    if (wanted.ipRange !== undefined) compare('ipam.config.ip_range', found?.ipRange, wanted.ipRange)
  }
  return reasons
}
