import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { imageOf } from './builds.ts'
import { type Gate, removalOps } from './container-ops.ts'
import { withHooks } from './hooks.ts'
import { key } from './keys.ts'
import type { DownOptions } from './options.ts'
import { inOrder } from './order.ts'
import { findOrphans, isForeign, orphanText } from './orphans.ts'
import type { Op, Plan, Reason } from './plan.ts'
import { serviceOrder } from './service-order.ts'

const why: readonly Reason[] = [{ text: 'down' }]

/**
 * Takes a project away: containers level by level, dependents first and each level at once, then networks, and what else was asked for.
 * Without a Project the labels of what is there say what belongs together.
 */
export function planDown(observed: Observed, project: Project | undefined, options: DownOptions): Plan {
  const chosen = chooseContainers(observed, project, options)
  const removal = { timeoutSeconds: options.stopTimeoutSeconds, removeVolumes: options.removeVolumes ?? false }
  const order = serviceOrder(project, chosen)
  const firstKeys = new Map<string, string[]>()
  const containerOps: Op[] = []
  for (const service of order.dependentsFirst) {
    const gate: Gate = {
      needs: [],
      after: order.dependentsOf(service).flatMap(dependent => firstKeys.get(dependent) ?? []),
    }
    for (const container of chosen.filter(candidate => candidate.service === service)) {
      const ops = removalOps(container, gate, why, removal)
      containerOps.push(...ops)
      firstKeys.set(service, [...(firstKeys.get(service) ?? []), ...ops.slice(0, 1).map(op => op.key)])
    }
  }
  const gone = new Set(chosen.map(({ id }) => id))
  const ops = [
    ...containerOps,
    ...networkRemovals(observed, project, gone),
    ...(options.removeVolumes === true ? volumeRemovals(observed, project, chosen, options) : []),
    ...(options.removeImages === undefined ? [] : imageRemovals(observed, chosen, options, project)),
  ]
  return {
    project: observed.project,
    ops: inOrder(withHooks(ops, project)),
    unchanged: [],
    warnings: orphanWarnings(observed, project, options),
  }
}

function chooseContainers(
  observed: Observed,
  project: Project | undefined,
  options: DownOptions,
): readonly ObservedContainer[] {
  const { services = [], removeOrphans = false } = options
  const orphans = new Set(
    project === undefined
      ? []
      : findOrphans(project, observed)
          .filter(orphan => !removeOrphans || isForeign(project, orphan))
          .map(({ id }) => id),
  )
  const mine = observed.containers.filter(({ id }) => !orphans.has(id))
  if (services.length === 0) return mine
  return mine.filter(({ service }) => services.includes(service))
}

/** Networks of the project that nobody will be in any more. External ones are not the project's. */
function networkRemovals(observed: Observed, project: Project | undefined, gone: ReadonlySet<string>): readonly Op[] {
  const external = new Set(
    Object.values(project?.networks ?? {}).flatMap(network => (network.isExternal ? [network.name] : [])),
  )
  return Object.values(observed.networks).flatMap(({ name, id, labels }): Op[] => {
    if (external.has(name) || labels[label.project] !== observed.project) return []
    const attached = observed.containers.filter(container => container.networks[name] !== undefined)
    if (attached.some(container => !gone.has(container.id))) return []
    const needs = attached.map(container => key.container(container.name, 'remove'))
    return [{ kind: 'network.remove', key: key.network(name, 'remove'), needs, after: [], sign: '-', why, name, id }]
  })
}

function volumeRemovals(
  observed: Observed,
  project: Project | undefined,
  chosen: readonly ObservedContainer[],
  options: DownOptions,
): readonly Op[] {
  const external = new Set(
    Object.values(project?.volumes ?? {}).flatMap(volume => (volume.isExternal ? [volume.name] : [])),
  )
  const usersOf = (name: string): readonly ObservedContainer[] =>
    observed.containers.filter(container =>
      container.mounts.some(mount => mount.type === 'volume' && mount.name === name),
    )
  const gone = new Set(chosen.map(({ id }) => id))
  return Object.values(observed.volumes).flatMap(({ name, labels }): Op[] => {
    if (external.has(name) || labels[label.project] !== observed.project) return []
    const users = usersOf(name)
    if (users.some(({ id }) => !gone.has(id))) return []
    if ((options.services ?? []).length > 0 && users.length === 0) return []
    const needs = users.map(container => key.container(container.name, 'remove'))
    return [{ kind: 'volume.remove', key: key.volume(name, 'remove'), needs, after: [], sign: '-', why, name }]
  })
}

/**
 * Images of the chosen containers and of the services of the file, with containers or without. `local`: only those that have no name of
 * their own in the file (built ones).
 */
function imageRemovals(
  observed: Observed,
  chosen: readonly ObservedContainer[],
  { removeImages, services = [] }: DownOptions,
  project: Project | undefined,
): readonly Op[] {
  const removals = new Map<string, string[]>()
  const add = (image: string, isLocal: boolean, needs: readonly string[]): void => {
    if (removeImages === 'local' && !isLocal) return
    if (/^(rootfs|docker-archive|oci-archive|oci):/.test(image)) return
    removals.set(image, [...(removals.get(image) ?? []), ...needs])
  }
  for (const container of chosen) {
    const isBuilt = container.image === `${container.labels[label.project]}-${container.service}`
    const isLocal = isBuilt && project?.services[container.service]?.image === undefined
    add(container.image, isLocal, [key.container(container.name, 'remove')])
  }
  for (const service of Object.values(project?.services ?? {})) {
    const image = project === undefined ? '' : imageOf(project, service)
    if (observed.images[image] === undefined || (services.length > 0 && !services.includes(service.name))) continue
    add(image, service.image === undefined, [])
  }
  return [...removals].map(([reference, needs]): Op => {
    return { kind: 'image.remove', key: key.removeImage(reference), needs, after: [], sign: '-', why, reference }
  })
}

function orphanWarnings(observed: Observed, project: Project | undefined, options: DownOptions): readonly string[] {
  if (
    project === undefined ||
    options.removeOrphans === true ||
    options.ignoreOrphans === true ||
    (options.services ?? []).length > 0
  )
    return []
  const names = findOrphans(project, observed).map(({ name }) => name)
  if (names.length === 0) return []
  return [orphanText(names)]
}
