import { createDag, type Dag, dependentsOf, waves } from '../graph/dag.ts'
import { serviceDependencies } from '../graph/service-graph.ts'
import { label } from '../model/labels.ts'
import type { DependencyCondition, Project } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import type { LifecycleOptions } from './options.ts'

export interface OrderedDependency {
  readonly service: string
  readonly condition: DependencyCondition
  readonly restart: boolean
}

/** The order of the services that some containers belong to. */
export interface ServiceOrder {
  readonly dependenciesFirst: readonly string[]
  readonly dependentsFirst: readonly string[]
  readonly dependentsOf: (service: string) => readonly string[]
  readonly dependenciesOf: (service: string) => readonly OrderedDependency[]
}

/** From the stack file where there is one, else from the label that each container carries; services on a cycle come last, in any order. */
export function serviceOrder(project: Project | undefined, containers: readonly ObservedContainer[]): ServiceOrder {
  const dependencies = new Map<string, readonly OrderedDependency[]>()
  for (const { service, labels } of containers) {
    if (dependencies.has(service)) continue
    const known = project?.services[service]
    dependencies.set(
      service,
      known === undefined ? labelled(labels[label.dependsOn] ?? '') : serviceDependencies(known),
    )
  }
  const dag: Dag<readonly OrderedDependency[]> = createDag(dependencies, needs => needs.map(({ service }) => service))
  const ordered = waves(dag).flat()
  const all = [...ordered, ...[...dependencies.keys()].filter(service => !ordered.includes(service))]
  const dependents = dependentsOf(dag)
  return {
    dependenciesFirst: all,
    dependentsFirst: [...all].reverse(),
    dependentsOf: service => dependents.get(service) ?? [],
    dependenciesOf: service =>
      (dependencies.get(service) ?? []).filter(dependency => dependencies.has(dependency.service)),
  }
}

/** The services that are named, with all that they depend on and that has containers. None named = all. */
export function withDependencies(
  observed: Observed,
  project: Project | undefined,
  { services = [] }: LifecycleOptions,
): readonly string[] {
  const order = serviceOrder(project, observed.containers)
  const found = new Set(services)
  for (const service of found) for (const dependency of order.dependenciesOf(service)) found.add(dependency.service)
  return [...found]
}

/** The services that are named, with those that ask to be restarted along (`depends_on: {x: {restart: true}}`), directly or not. None named = all. */
export function withRestarting(
  observed: Observed,
  project: Project | undefined,
  { services = [], noDeps = false }: LifecycleOptions,
): readonly string[] {
  if (services.length === 0 || noDeps) return services
  const order = serviceOrder(project, observed.containers)
  const found = new Set(services)
  for (const service of found) {
    for (const dependent of order.dependentsOf(service)) {
      const isBound = order.dependenciesOf(dependent).some(each => each.service === service && each.restart)
      if (isBound) found.add(dependent)
    }
  }
  return [...found]
}

/** `db:service_healthy:true,cache:service_started:false` */
function labelled(text: string): readonly OrderedDependency[] {
  return text.split(',').flatMap(entry => {
    const [service = '', condition = '', restart] = entry.split(':')
    if (service === '') return []
    const known =
      condition === 'service_healthy' || condition === 'service_completed_successfully' ? condition : 'service_started'
    return [{ service, condition: known, restart: restart === 'true' }]
  })
}
