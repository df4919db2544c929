import { BerthError } from '../../schemas/errors.ts'
import { closure, type Dag, waves } from '../graph/dag.ts'
import { serviceGraph } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'

/** The services that a command is about. */
export interface Selection {
  /** Everything that is looked at, dependencies first. */
  readonly services: readonly Service[]
  readonly has: (service: string) => boolean
  /** Named by the user (or everything, when nothing was named); the others are there as dependencies only. */
  readonly isTarget: (service: string) => boolean
  readonly graph: Dag<Service>
}

/** Empty `names` = every enabled service. Throws NOT_FOUND for a name that the project does not have. */
export function selectServices(project: Project, names: readonly string[], noDeps: boolean): Selection {
  for (const name of names) {
    if (project.services[name] !== undefined) continue
    if (project.disabledServices[name] !== undefined) {
      throw new BerthError('NOT_FOUND', `service "${name}" is not active: none of its profiles is on`, {
        hint: `turn one on with --profile ${project.disabledServices[name].profiles[0] ?? ''}`,
      })
    }
    throw new BerthError('NOT_FOUND', `no such service: ${name}`)
  }
  const graph = serviceGraph(project)
  const targets = new Set(names.length === 0 ? Object.keys(project.services) : names)
  const chosen = noDeps ? targets : closure(graph, targets)
  return {
    services: waves(graph).flatMap(wave =>
      wave.flatMap(name => (chosen.has(name) ? (graph.nodes.get(name) ?? []) : [])),
    ),
    has: service => chosen.has(service),
    isTarget: service => targets.has(service),
    graph,
  }
}
