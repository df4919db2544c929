import type { DependencyCondition, Project, Service } from '../model/project.ts'
import { createDag, type Dag } from './dag.ts'

/** One arrow: `service` comes after `dependsOn`. */
export interface ServiceDependency {
  readonly service: string
  readonly condition: DependencyCondition
  /** Restart this one when the other is recreated or restarted. */
  readonly restart: boolean
  readonly required: boolean
  /** Set when this one lives in a namespace of the other and has to be made anew with it. */
  readonly shares: 'network' | 'ipc' | 'pid' | undefined
}

/** A service is frozen, and plans ask again and again. */
const known = new WeakMap<Service, readonly ServiceDependency[]>()

/** Everything that a service needs first: `depends_on`, and what follows from sharing a namespace or volumes with another service. */
export function serviceDependencies(service: Service): readonly ServiceDependency[] {
  const found = known.get(service) ?? findDependencies(service)
  known.set(service, found)
  return found
}

function findDependencies(service: Service): readonly ServiceDependency[] {
  const found = new Map<string, ServiceDependency>()
  for (const { service: name, condition, restart, required } of service.dependsOn) {
    found.set(name, { service: name, condition, restart, required, shares: undefined })
  }
  const add = (name: string, shares: ServiceDependency['shares']): void => {
    const explicit = found.get(name)
    const implied = {
      service: name,
      condition: 'service_started',
      restart: shares !== undefined,
      required: true,
      shares,
    } as const
    found.set(name, explicit === undefined ? implied : { ...explicit, shares: shares ?? explicit.shares })
  }
  if (service.networkMode.kind === 'service') add(service.networkMode.service, 'network')
  for (const kind of ['ipc', 'pid'] as const) {
    const name = serviceOf(service[kind])
    if (name !== undefined) add(name, kind)
  }
  for (const entry of service.volumesFrom) {
    if (!entry.startsWith('container:')) add(entry.split(':')[0] ?? entry, undefined)
  }
  return [...found.values()].sort((a, b) => (a.service < b.service ? -1 : 1))
}

/** The name in `service:NAME`. */
export function serviceOf(mode: string | undefined): string | undefined {
  return mode?.startsWith('service:') ? mode.slice('service:'.length) : undefined
}

/** The enabled services of a project and what each of them needs first. */
export function serviceGraph(project: Project): Dag<Service> {
  return createDag(Object.entries(project.services), service =>
    serviceDependencies(service).map(({ service: name }) => name),
  )
}
