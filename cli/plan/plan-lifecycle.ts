import { BerthError } from '../../schemas/errors.ts'
import type { Project } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { containerOp, type Gate, openGate, removalOps } from './container-ops.ts'
import { withHooks } from './hooks.ts'
import { key } from './keys.ts'
import type { LifecycleOptions } from './options.ts'
import { inOrder } from './order.ts'
import { findOrphans } from './orphans.ts'
import type { Goal, Op, Plan, Reason, Unchanged } from './plan.ts'
import { restartOps } from './restart-ops.ts'
import { type ServiceOrder, serviceOrder, withDependencies, withRestarting } from './service-order.ts'
import { declaredJobs } from './service-state.ts'
import { waitOp } from './wait-op.ts'

export type LifecycleVerb = 'start' | 'stop' | 'restart' | 'kill' | 'rm' | 'pause' | 'unpause'

interface Situation {
  readonly containers: readonly ObservedContainer[]
  readonly order: ServiceOrder
  readonly project: Project | undefined
  readonly options: LifecycleOptions
}

/** Commands on containers that are there: none is made, none is changed. Works from labels alone when there is no Project. */
export function planLifecycle(
  verb: LifecycleVerb,
  observed: Observed,
  project: Project | undefined,
  options: LifecycleOptions,
): Plan {
  const services = servicesOf(verb, observed, project, options)
  const containers = chosenContainers(
    verb,
    observed,
    project,
    services === undefined ? options : { ...options, services },
  )
  const situation = { containers, order: serviceOrder(project, containers), project, options }
  return {
    project: observed.project,
    ops: inOrder(withHooks(planVerb(verb, situation), project)),
    unchanged: verb === 'stop' ? containers.filter(container => !isUp(container)).map(stopped) : [],
    warnings: isLenient(verb)
      ? unknownServices(observed, project, options).map(name => `no such service: ${name}`)
      : [],
  }
}

/** Those that are meant by the ones that are named: a start needs the dependencies too, a restart goes on to who asks for it. */
function servicesOf(
  verb: LifecycleVerb,
  observed: Observed,
  project: Project | undefined,
  options: LifecycleOptions,
): readonly string[] | undefined {
  switch (verb) {
    case 'start':
      return withDependencies(observed, project, options)
    case 'restart':
      return withRestarting(observed, project, options)
    default:
      return options.services
  }
}

function planVerb(verb: LifecycleVerb, situation: Situation): readonly Op[] {
  const { containers, options } = situation
  const why: readonly Reason[] = [{ text: verb }]
  const timeoutSeconds = options.stopTimeoutSeconds
  switch (verb) {
    case 'start':
      return startOps(situation, why)
    case 'stop':
      return chained(situation, 'dependentsFirst', isUp, (container, gate) => ({
        ...containerOp('container.stop', container, gate, '~', why),
        timeoutSeconds,
      }))
    case 'restart':
      return restartOps(containers, situation.order, why, timeoutSeconds)
    case 'kill':
      return containers.filter(isUp).map(container => ({
        ...containerOp('container.kill', container, openGate, '~', why),
        signal: options.killSignal ?? 'SIGKILL',
      }))
    case 'rm':
      return containers
        .filter(container => options.stopFirst === true || !isUp(container))
        .flatMap(container =>
          removalOps(container, openGate, why, { timeoutSeconds, removeVolumes: options.removeVolumes ?? false }),
        )
    case 'pause':
      return containers
        .filter(({ state }) => state === 'running')
        .map(container => containerOp('container.pause', container, openGate, '~', why))
    case 'unpause':
      return containers
        .filter(({ state }) => state === 'paused')
        .map(container => containerOp('container.unpause', container, openGate, '~', why))
    default:
      return verb satisfies never
  }
}

const isUp = ({ state }: ObservedContainer): boolean =>
  state === 'running' || state === 'restarting' || state === 'paused'

const stopped = ({ service, name, id }: ObservedContainer): Unchanged => {
  return { service, name, id, isDone: false, isStopped: true }
}

function chosenContainers(
  verb: LifecycleVerb,
  observed: Observed,
  project: Project | undefined,
  { services = [], removeOrphans = false }: LifecycleOptions,
): readonly ObservedContainer[] {
  const own = observed.containers.filter(({ isOneOff }) => !isOneOff || (verb === 'rm' && services.length === 0))
  const orphans = new Set(
    project === undefined || (verb === 'kill' && removeOrphans)
      ? []
      : findOrphans(project, observed).map(({ id }) => id),
  )
  const [unknown] = isLenient(verb) ? [] : unknownServices(observed, project, { services })
  if (unknown !== undefined) throw new BerthError('NOT_FOUND', `no such service: ${unknown}`)
  if (verb === 'start') requireContainers(observed, project, services, own)
  return own.filter(({ id, service }) => !orphans.has(id) && (services.length === 0 || services.includes(service)))
}

/** As in Compose, which pauses what there is. */
const isLenient = (verb: LifecycleVerb): boolean => verb === 'pause' || verb === 'unpause'

function unknownServices(
  observed: Observed,
  project: Project | undefined,
  { services = [] }: LifecycleOptions,
): readonly string[] {
  return services.filter(
    name => project?.services[name] === undefined && !observed.containers.some(({ service }) => service === name),
  )
}

/** In Compose's words. A service that is scaled to none has nothing to start, and that is right. */
function requireContainers(
  observed: Observed,
  project: Project | undefined,
  services: readonly string[],
  own: readonly ObservedContainer[],
): void {
  const [first] = Object.keys(project?.services ?? {})
  const wanted = services.length > 0 ? services : own.length > 0 || first === undefined ? [] : [first]
  const missing = wanted.find(
    name => project?.services[name]?.scale !== 0 && !own.some(({ service }) => service === name),
  )
  const hint = 'make it with "berth up"'
  if (missing !== undefined)
    throw new BerthError('NOT_FOUND', `service "${missing}" has no container to start`, { hint })
  if (own.length === 0 && wanted.length === 0)
    throw new BerthError('NOT_FOUND', `project ${observed.project} has no containers to start`, { hint })
}

/** One op per container, those of a service after those of the services that come before it. */
function chained(
  { containers, order }: Situation,
  direction: 'dependenciesFirst' | 'dependentsFirst',
  isConcerned: (container: ObservedContainer) => boolean,
  opOf: (container: ObservedContainer, gate: Gate) => Op,
): readonly Op[] {
  const ops: Op[] = []
  const keys = new Map<string, string[]>()
  for (const service of order[direction]) {
    const before =
      direction === 'dependentsFirst'
        ? order.dependentsOf(service)
        : order.dependenciesOf(service).map(needed => needed.service)
    const gate = { needs: [], after: before.flatMap(name => keys.get(name) ?? []) }
    const made = containers
      .filter(container => container.service === service && isConcerned(container))
      .map(container => opOf(container, gate))
    keys.set(service, made.length > 0 ? made.map(op => op.key) : gate.after)
    ops.push(...made)
  }
  return ops
}

/** As in `up`: a container starts when the conditions of its dependencies hold. */
function startOps({ containers, order, project, options }: Situation, why: readonly Reason[]): readonly Op[] {
  const jobs = project === undefined ? new Set<string>() : declaredJobs(project)
  const waits = new Map<string, Op>()
  const startKeys = new Map<string, string[]>()
  const addWait = (service: string, goal: Goal): string => {
    const names = containers.filter(container => container.service === service).map(({ name }) => name)
    const waitKey = key.wait(service, goal)
    const needs = startKeys.get(service) ?? []
    waits.set(waitKey, waitOp(service, goal, needs, names))
    return waitKey
  }
  const ops: Op[] = []
  for (const service of order.dependenciesFirst) {
    const stopped = containers.filter(
      ({ service: name, state }) => name === service && (state === 'created' || state === 'exited'),
    )
    const needs =
      stopped.length === 0
        ? []
        : order.dependenciesOf(service).flatMap(({ service: name, condition }) => {
            if (condition === 'service_healthy') return [addWait(name, 'healthy')]
            if (condition === 'service_completed_successfully') return [addWait(name, 'completed')]
            return startKeys.get(name) ?? []
          })
    const made = stopped.map((container): Op => {
      return { ...containerOp('container.start', container, { needs, after: [] }, '~', why), isJob: jobs.has(service) }
    })
    startKeys.set(
      service,
      made.map(op => op.key),
    )
    ops.push(...made)
    if (options.wait === true) addWait(service, jobs.has(service) ? 'completed' : 'ready')
  }
  return [...ops, ...waits.values()]
}
