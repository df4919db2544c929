import { serviceDependencies } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { divergence } from './divergence.ts'
import type { UpOptions } from './options.ts'
import type { Reason } from './plan.ts'
import type { Selection } from './selection.ts'
import type { ServiceSpec } from './spec.ts'

/** What is to become of each container of one service. */
export interface Decision {
  readonly service: Service
  readonly spec: ServiceSpec
  readonly kept: readonly ObservedContainer[]
  readonly recreated: readonly Recreation[]
  /** Numbers of new containers. */
  readonly created: readonly number[]
  readonly removed: readonly { readonly container: ObservedContainer; readonly why: readonly Reason[] }[]
}

export interface Recreation {
  readonly container: ObservedContainer
  readonly why: readonly Reason[]
  /** The old one must be gone before the new one can be made: its network goes away, or it lives in a namespace that does. */
  readonly isRemovedFirst: boolean
}

export interface DecideInput {
  readonly project: Project
  readonly observed: Observed
  readonly selection: Selection
  readonly specOf: (service: Service) => ServiceSpec
  readonly replacedNetworks: ReadonlySet<string>
  readonly options: UpOptions
}

/** Decides service by service, dependencies first, because what shares a namespace with a container that is replaced must be replaced too. */
export function decide(input: DecideInput): ReadonlyMap<string, Decision> {
  const decisions = new Map<string, Decision>()
  for (const service of input.selection.services) decisions.set(service.name, decideService(input, service, decisions))
  return decisions
}

function decideService(input: DecideInput, service: Service, decisions: ReadonlyMap<string, Decision>): Decision {
  const { observed, options } = input
  const spec = input.specOf(service)
  const existing = containersOf(observed, service.name)
  const wanted = options.scale?.[service.name] ?? service.scale
  const judged = existing.map(container => judge(input, service, spec, container, decisions))
  // Too many: those that would be replaced anyway go first, then the highest numbers.
  const byWorth = [...judged].sort(
    (a, b) => Number(b.why.length > 0) - Number(a.why.length > 0) || b.container.number - a.container.number,
  )
  const excess = new Set(byWorth.slice(0, Math.max(0, existing.length - wanted)))
  const staying = judged.filter(item => !excess.has(item))
  const highest = Math.max(0, ...existing.map(({ number }) => number))
  return {
    service,
    spec,
    kept: staying.filter(item => item.why.length === 0).map(item => item.container),
    recreated: staying.filter(item => item.why.length > 0),
    created: Array.from({ length: Math.max(0, wanted - existing.length) }, (_, index) => highest + index + 1),
    removed: [...excess].map(({ container }) => ({
      container,
      why: [{ text: `${service.name} is scaled to ${wanted}` }],
    })),
  }
}

function judge(
  input: DecideInput,
  service: Service,
  spec: ServiceSpec,
  container: ObservedContainer,
  decisions: ReadonlyMap<string, Decision>,
): Recreation {
  const { project, observed, replacedNetworks } = input
  const policy = recreatePolicy(input, service)
  const lostNetworks = Object.keys(container.networks).filter(name => replacedNetworks.has(name))
  const shared = serviceDependencies(service).filter(
    ({ service: name, shares }) => shares !== undefined && (decisions.get(name)?.recreated.length ?? 0) > 0,
  )
  const forced = [
    ...lostNetworks.map(name => ({ text: `network ${name} is made anew` })),
    ...shared.map(({ service: name, shares }) => ({
      text: `it shares the ${shares} namespace of ${name}, which is recreated`,
    })),
  ]
  const own = policy === 'never' ? [] : divergence(project, service, spec, container, observed)
  const why = [...own, ...forced]
  if (policy === 'force' && why.length === 0) why.push({ text: '--force-recreate' })
  const joinsReplaced = service.networks.some(({ network }) =>
    replacedNetworks.has(project.networks[network]?.name ?? network),
  )
  return { container, why, isRemovedFirst: forced.length > 0 || joinsReplaced }
}

const byService = new WeakMap<Observed, ReadonlyMap<string, readonly ObservedContainer[]>>()

/** The containers of a service, one-off ones and those on their way out left aside. Indexed once: there may be a thousand services. */
function containersOf(observed: Observed, service: string): readonly ObservedContainer[] {
  const known = byService.get(observed)
  if (known !== undefined) return known.get(service) ?? []
  const groups = new Map<string, ObservedContainer[]>()
  for (const container of observed.containers) {
    if (container.isOneOff || container.state === 'removing') continue
    const group = groups.get(container.service)
    if (group === undefined) groups.set(container.service, [container])
    else group.push(container)
  }
  byService.set(observed, groups)
  return groups.get(service) ?? []
}

function recreatePolicy({ options, selection }: DecideInput, service: Service): NonNullable<UpOptions['recreate']> {
  const { recreate = 'diverged', alwaysRecreateDeps = false } = options
  if (selection.isTarget(service.name)) return recreate
  if (alwaysRecreateDeps) return 'force'
  return recreate === 'never' ? 'never' : 'diverged'
}
