import { type ServiceDependency, serviceDependencies } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { containerBody, containerName } from './container-body.ts'
import { containerOp, type Gate, joinGates, openGate, removalOps, replacementOps } from './container-ops.ts'
import type { Decision, Recreation } from './decide.ts'
import { key } from './keys.ts'
import type { UpOptions } from './options.ts'
import type { ContainerCreateOp, Op, Unchanged } from './plan.ts'
import { plannedFiles } from './planned-files.ts'
import type { Selection } from './selection.ts'
import { declaredJobs, type Touch, touches } from './service-state.ts'
import { StartConditions } from './start-conditions.ts'

export interface UpgradeInput {
  readonly project: Project
  readonly observed: Observed
  readonly options: UpOptions
  readonly selection: Selection
  readonly decisions: ReadonlyMap<string, Decision>
  readonly groundwork: readonly Op[]
  readonly pulled: Gate
}

/** The container part of a plan while it is put together. */
export class Upgrade {
  readonly #input: UpgradeInput
  readonly #touches: ReadonlyMap<string, Touch>
  readonly #jobs: ReadonlySet<string>
  readonly #starts: StartConditions
  readonly #made: ReadonlySet<string>

  constructor(input: UpgradeInput) {
    this.#input = input
    this.#touches = touches(input.project, input.selection, input.decisions)
    this.#starts = new StartConditions({ ...input, touches: this.#touches, isStarting: this.#isStarting })
    this.#jobs = declaredJobs(input.project)
    this.#made = new Set(input.groundwork.map(op => op.key))
  }

  ops(): readonly Op[] {
    const { selection, options } = this.#input
    const ops = selection.services.flatMap(service => this.#serviceOps(service))
    if (options.wait === true && this.#isStarting) {
      for (const { name } of selection.services) this.#starts.wait(name, this.#jobs.has(name) ? 'completed' : 'ready')
    }
    return [...this.#stopDependentsFirst(ops), ...this.#starts.waits()]
  }

  unchanged(): readonly Unchanged[] {
    return [...this.#input.decisions.values()].flatMap(({ service, kept }) =>
      kept
        .filter(container => this.#touch(container).kind === 'none' || !this.#isStarting)
        .map(({ id, name, state }) => ({ service: service.name, name, id, isDone: state === 'exited' })),
    )
  }

  #serviceOps(service: Service): readonly Op[] {
    const decision = this.#decision(service.name)
    if (decision === undefined) return []
    const startGate = this.#starts.gate(service)
    return [
      ...decision.removed.flatMap(({ container, why }) =>
        removalOps(container, openGate, why, {
          timeoutSeconds: this.#input.options.stopTimeoutSeconds,
          removeVolumes: true,
        }),
      ),
      ...decision.kept.flatMap(container => this.#touchOps(service, container, startGate)),
      ...decision.recreated.flatMap(recreation => {
        const { container, why } = recreation
        const inherited = this.#input.options.renewAnonVolumes === true ? {} : anonymousVolumes(service, container)
        const create = {
          ...this.#createOp(decision, container.number, inherited),
          sign: '±' as const,
          why,
          id: container.id,
        }
        return replacementOps({
          container,
          create,
          createGate: this.#createGate(service),
          startGate,
          isRemovedFirst: this.#isRemovedFirst(service, recreation),
          isStoppedEarly: this.#restartingDependencies(service).length > 0,
          isStarted: this.#isStarting,
          isJob: this.#jobs.has(service.name),
          timeoutSeconds: this.#input.options.stopTimeoutSeconds,
          removeVolumes: this.#input.options.renewAnonVolumes === true,
        })
      }),
      ...decision.created.flatMap(number => this.#creationOps(decision, number, startGate)),
    ]
  }

  #creationOps(decision: Decision, number: number, startGate: Gate): readonly Op[] {
    const { service } = decision
    const create = this.#createOp(decision, number, {})
    const made: Op = { ...create, ...this.#createGate(service), createName: create.name }
    if (!this.#isStarting) return [made]
    const gate = joinGates({ needs: [create.key], after: [] }, startGate)
    const container = { name: create.name, service: service.name }
    return [
      made,
      { ...containerOp('container.start', container, gate, '+', [], create.key), isJob: this.#jobs.has(service.name) },
    ]
  }

  #touchOps(service: Service, container: ObservedContainer, startGate: Gate): readonly Op[] {
    if (!this.#isStarting) return []
    const touch = this.#touch(container)
    const isJob = this.#jobs.has(service.name)
    switch (touch.kind) {
      case 'none':
        return []
      case 'unpause':
        return [containerOp('container.unpause', container, startGate, '~', touch.why)]
      case 'start':
        return [{ ...containerOp('container.start', container, startGate, '~', touch.why), isJob }]
      case 'restart': {
        const timeoutSeconds = this.#input.options.stopTimeoutSeconds
        const startKey = key.container(container.name, 'start')
        const stop = { ...containerOp('container.stop', container, openGate, '~', touch.why, startKey), timeoutSeconds }
        const gate = joinGates(startGate, { needs: [stop.key], after: [] })
        return [stop, { ...containerOp('container.start', container, gate, '~', touch.why), isJob }]
      }
      default:
        return touch satisfies never
    }
  }

  /** The create of the nth container; `needs`, `after` and the name to create it under are for the caller. */
  #createOp(
    { service, spec }: Decision,
    number: number,
    inheritedVolumes: Readonly<Record<string, string>>,
  ): Omit<ContainerCreateOp, 'needs' | 'after' | 'createName'> {
    const { project, observed } = this.#input
    const name = containerName(project, service, number)
    const imageId = service.image?.kind === 'reference' ? observed.images[service.image.text]?.id : undefined
    const body = containerBody(project, service, spec, { name, number, isOneOff: false, imageId, inheritedVolumes })
    return {
      kind: 'container.create',
      key: key.container(name, 'create'),
      sign: '+',
      why: [{ text: 'does not exist' }],
      service: service.name,
      name,
      number,
      body,
      files: plannedFiles(service),
      platform: service.platform,
    }
  }

  /** Networks and volumes that are made in this plan, images, and containers that the engine is given the names of. */
  #createGate(service: Service): Gate {
    const { project } = this.#input
    const things = [
      ...service.networks.map(({ network }) => key.network(project.networks[network]?.name ?? network, 'create')),
      ...service.mounts.flatMap(({ type, source }) =>
        type === 'volume' && source !== undefined
          ? [key.volume(project.volumes[source]?.name ?? source, 'create')]
          : [],
      ),
    ]
    const joined = serviceDependencies(service)
      .filter(dependency => isNamedAtCreate(service, dependency))
      .flatMap(({ service: name }) => this.#existenceKeys(name))
    return joinGates(this.#input.pulled, {
      needs: [...things.filter(thing => this.#made.has(thing)), ...joined],
      after: [],
    })
  }

  /** Ops after which the containers of a service are there under their final names. */
  #existenceKeys(service: string): readonly string[] {
    const decision = this.#decision(service)
    if (decision === undefined) return []
    return [
      ...decision.created.map(number =>
        key.container(containerName(this.#input.project, decision.service, number), 'create'),
      ),
      ...decision.recreated.map(recreation =>
        key.container(
          recreation.container.name,
          this.#isRemovedFirst(decision.service, recreation) ? 'create' : 'rename',
        ),
      ),
    ]
  }

  /**
   * Also when it goes down before what it depends on is replaced, and joins a container that is made in this plan: that one may wait for the replaced
   * one in turn, so that the new one cannot be there before the old one goes down.
   */
  #isRemovedFirst(service: Service, recreation: Recreation): boolean {
    if (recreation.isRemovedFirst || this.#restartingDependencies(service).length === 0)
      return recreation.isRemovedFirst
    return serviceDependencies(service).some(
      ({ service: name, shares }) => shares !== undefined && this.#existenceKeys(name).length > 0,
    )
  }

  /** `restart: true`: a dependent goes down before what it depends on is replaced. */
  #stopDependentsFirst(ops: readonly Op[]): readonly Op[] {
    const stopKeys = new Map<string, string[]>()
    for (const op of ops) {
      if (op.kind === 'container.stop') stopKeys.set(op.service, [...(stopKeys.get(op.service) ?? []), op.key])
    }
    const earlier = new Map<string, string[]>()
    for (const { name } of this.#input.selection.services) {
      const service = this.#decision(name)?.service
      for (const dependency of service === undefined ? [] : this.#restartingDependencies(service)) {
        earlier.set(dependency, [...(earlier.get(dependency) ?? []), ...(stopKeys.get(name) ?? [])])
      }
    }
    return ops.map(op => {
      const isTakenDown = op.kind === 'container.stop' || op.kind === 'container.remove'
      const before = isTakenDown ? earlier.get(op.service) : undefined
      return before === undefined ? op : { ...op, after: [...op.after, ...before] }
    })
  }

  /** Dependencies with `restart: true` that are replaced in this plan. */
  #restartingDependencies(service: Service): readonly string[] {
    return serviceDependencies(service)
      .filter(({ service: name, restart }) => restart && (this.#decision(name)?.recreated.length ?? 0) > 0)
      .map(({ service: name }) => name)
  }

  #decision(service: string): Decision | undefined {
    return this.#input.decisions.get(service)
  }

  get #isStarting(): boolean {
    return this.#input.options.noStart !== true
  }

  #touch(container: ObservedContainer): Touch {
    return this.#touches.get(container.id) ?? { kind: 'none' }
  }
}

/** Whether a service's containers cannot be made before those of a dependency are there: namespaces, `volumes_from`, links of the default bridge. */
function isNamedAtCreate(service: Service, { service: name, shares }: ServiceDependency): boolean {
  const isNamed = (entry: string): boolean => entry.split(':')[0] === name
  const isOnBridge = service.networkMode.kind === 'other'
  return shares !== undefined || service.volumesFrom.some(isNamed) || (isOnBridge && service.links.some(isNamed))
}

/** Volumes without a name of their own, which a replacement takes over: those of the image and of `volumes: [/path]`. */
function anonymousVolumes(service: Service, container: ObservedContainer): Readonly<Record<string, string>> {
  const named = new Set(service.mounts.filter(({ source }) => source !== undefined).map(({ target }) => target))
  const volumes: Record<string, string> = {}
  for (const { type, name, target } of container.mounts) {
    const isAnonymous = type === 'volume' && name !== undefined && /^[0-9a-f]{64}$/.test(name)
    if (isAnonymous && !named.has(target) && service.tmpfs[target] === undefined) volumes[target] = name
  }
  return volumes
}
