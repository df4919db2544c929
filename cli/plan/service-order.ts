import { createDag, type Dag, dependentsOf, waves } from '../graph/dag.ts'
import { serviceDependencies } from '../graph/service-graph.ts'
import { label } from '../model/labels.ts'
import type { DependencyCondition, Project } from '../model/project.ts'
import type { ObservedContainer } from '../observe/observed.ts'

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
