import { type ServiceDependency, serviceDependencies } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'
import { containerName } from './container-body.ts'
import { type Gate, joinGates, openGate } from './container-ops.ts'
import type { Decision } from './decide.ts'
import { key } from './keys.ts'
import type { Goal, Op } from './plan.ts'
import type { Touch } from './service-state.ts'
import { waitOp } from './wait-op.ts'

export interface StartConditionsInput {
  readonly project: Project
  readonly decisions: ReadonlyMap<string, Decision>
  /** By container id. */
  readonly touches: ReadonlyMap<string, Touch>
  readonly isStarting: boolean
}

/** What the containers of a plan wait for before they start: starts of other services, and ops that wait until those are healthy or have ended well. */
export class StartConditions {
  readonly #input: StartConditionsInput
  readonly #waits = new Map<string, Op>()

  constructor(input: StartConditionsInput) {
    this.#input = input
  }

  /** The waiting ops that were asked for so far. */
  waits(): readonly Op[] {
    return [...this.#waits.values()]
  }

  /** What must hold before a container of the service may start: the conditions of its dependencies. */
  gate(service: Service): Gate {
    if (this.startKeys(service.name).length === 0) return openGate
    const gates = serviceDependencies(service).map(dependency => {
      const keys = this.#conditionKeys(dependency)
      return dependency.required ? { needs: keys, after: [] } : { needs: [], after: keys }
    })
    return joinGates(...gates)
  }

  #conditionKeys({ service, condition, required }: ServiceDependency): readonly string[] {
    if (this.#input.decisions.get(service) === undefined) return []
    switch (condition) {
      case 'service_started':
        return this.startKeys(service)
      case 'service_healthy':
        return this.wait(service, 'healthy', required)
      case 'service_completed_successfully':
        return this.#isComplete(service) ? [] : this.wait(service, 'completed', required)
      default:
        return condition satisfies never
    }
  }

  /** A job that has ended well and is not run again needs no waiting for. */
  #isComplete(service: string): boolean {
    const decision = this.#input.decisions.get(service)
    return decision?.kept.every(container => container.exitCode === 0) === true && this.startKeys(service).length === 0
  }

  /** Adds the op that waits for all containers of a service, once, and gives its key. No containers, nothing to wait for. */
  wait(service: string, goal: Goal, isRequired = true): readonly string[] {
    const decision = this.#input.decisions.get(service)
    if (decision === undefined) return []
    const { kept, recreated, created } = decision
    const containers = [
      ...kept.map(({ name }) => name),
      ...recreated.map(({ container }) => containerName(this.#input.project, decision.service, container.number)),
      ...created.map(number => containerName(this.#input.project, decision.service, number)),
    ]
    if (containers.length === 0) return []
    const waitKey = key.wait(service, goal)
    const needs = this.startKeys(service)
    const known = this.#waits.get(waitKey)
    const isOptional = !isRequired && (known === undefined || (known.kind === 'wait' && known.isOptional === true))
    this.#waits.set(waitKey, { ...waitOp(service, goal, needs, containers), ...(isOptional && { isOptional }) })
    return [waitKey]
  }

  /** Ops after which the containers of a service run. */
  startKeys(service: string): readonly string[] {
    const decision = this.#input.decisions.get(service)
    if (decision === undefined || !this.#input.isStarting) return []
    const { kept, recreated, created } = decision
    return [
      ...kept.flatMap(container => {
        const kind = this.#input.touches.get(container.id)?.kind ?? 'none'
        return kind === 'none' ? [] : [key.container(container.name, kind === 'unpause' ? 'unpause' : 'start')]
      }),
      ...[...recreated.map(({ container }) => container.number), ...created].map(number =>
        key.container(containerName(this.#input.project, decision.service, number), 'start'),
      ),
    ]
  }
}
