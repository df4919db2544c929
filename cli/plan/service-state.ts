import { dependentsOf } from '../graph/dag.ts'
import { serviceDependencies } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'
import type { ObservedContainer } from '../observe/observed.ts'
import type { Decision } from './decide.ts'
import type { Reason } from './plan.ts'
import type { Selection } from './selection.ts'

/** What a container that stays as it is still needs. */
export type Touch =
  | { readonly kind: 'none' }
  | { readonly kind: 'start'; readonly why: readonly Reason[] }
  | { readonly kind: 'unpause'; readonly why: readonly Reason[] }
  | { readonly kind: 'restart'; readonly why: readonly Reason[] }

/** A job is a service that another one waits for to complete. */
export function declaredJobs(project: Project): ReadonlySet<string> {
  const jobs = new Set<string>()
  for (const { dependsOn } of Object.values(project.services)) {
    for (const { service, condition } of dependsOn)
      if (condition === 'service_completed_successfully') jobs.add(service)
  }
  return jobs
}

/**
 * Container id -> what it needs, dependents first: a job that has done its work is run again only when something that waits for it is about
 * to start, so that `up` of a stack that is up does nothing.
 */
export function touches(
  project: Project,
  selection: Selection,
  decisions: ReadonlyMap<string, Decision>,
): ReadonlyMap<string, Touch> {
  const jobs = declaredJobs(project)
  const dependents = dependentsOf(selection.graph)
  const result = new Map<string, Touch>()
  const starting = new Set<string>()
  for (const service of [...selection.services].reverse()) {
    const decision = decisions.get(service.name)
    if (decision === undefined) continue
    const isGating = (dependents.get(service.name) ?? []).some(name => starting.has(name))
    const restarts = restartReasons(service, decisions)
    for (const container of decision.kept) {
      const touch = touchOf(container, jobs.has(service.name) && !isGating, restarts)
      result.set(container.id, touch)
      if (touch.kind !== 'none') starting.add(service.name)
    }
    if (decision.created.length > 0 || decision.recreated.length > 0) starting.add(service.name)
  }
  return result
}

function restartReasons(service: Service, decisions: ReadonlyMap<string, Decision>): readonly Reason[] {
  return serviceDependencies(service)
    .filter(({ service: name, restart }) => restart && (decisions.get(name)?.recreated.length ?? 0) > 0)
    .map(({ service: name }) => ({ text: `depends on ${name} with restart: true, which is recreated` }))
}

function touchOf(container: ObservedContainer, isIdleJob: boolean, restarts: readonly Reason[]): Touch {
  switch (container.state) {
    case 'running':
    case 'restarting':
      return restarts.length > 0 ? { kind: 'restart', why: restarts } : { kind: 'none' }
    case 'paused':
      return { kind: 'unpause', why: [{ text: 'is paused' }] }
    case 'exited':
      if (isIdleJob && container.exitCode === 0) return { kind: 'none' }
      return { kind: 'start', why: [{ text: 'is not running (exited)' }] }
    case 'created':
    case 'dead':
    case 'removing':
      return { kind: 'start', why: [{ text: `is not running (${container.state})` }] }
    default:
      return container.state satisfies never
  }
}
