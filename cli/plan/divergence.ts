import { label } from '../model/labels.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { imageOf } from './builds.ts'
import type { Reason } from './plan.ts'
import { type ServiceSpec, specLabel } from './spec.ts'
import { diffSpecs } from './spec-diff.ts'

/**
 * Why a container is not what the file says; empty = it is. Compared are the facts it was made from (label `berth.spec`), the image its tag
 * means now, and the networks it is in. A config hash alone is no reason: a new version of Berth may hash differently.
 */
export function divergence(
  project: Project,
  service: Service,
  spec: ServiceSpec,
  container: ObservedContainer,
  observed: Observed,
): readonly Reason[] {
  return [
    ...(container.state === 'dead' ? [{ text: 'the engine could not remove it (dead)' }] : []),
    ...specReasons(project, service, spec, container),
    ...imageReasons(project, service, container, observed),
    ...networkReasons(project, service, container, observed),
  ]
}

function specReasons(
  project: Project,
  service: Service,
  spec: ServiceSpec,
  container: ObservedContainer,
): readonly Reason[] {
  const text = container.labels[specLabel]
  if (text === JSON.stringify(spec)) return []
  const before = text === undefined ? undefined : parseSpec(text)
  if (before !== undefined) return diffSpecs(project, service.name, before, spec)
  if (container.labels[label.configHash] === service.configHash) return []
  return [{ text: 'was made by another tool, so what it was made from is not known' }]
}

function parseSpec(text: string): ServiceSpec | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ServiceSpec) : undefined
  } catch {
    return undefined
  }
}

function imageReasons(
  project: Project,
  service: Service,
  container: ObservedContainer,
  observed: Observed,
): readonly Reason[] {
  if (service.image !== undefined && service.image.kind !== 'reference') return []
  const reference = imageOf(project, service)
  const now = observed.images[reference]?.id
  const before = container.labels[label.image] ?? container.imageId
  if (now === undefined || now === before) return []
  const path = `services.${service.name}.image`
  const position = project.positionOf(path)
  return [{ text: `${reference} is another image now`, field: { path, before, after: now, position } }]
}

function networkReasons(
  project: Project,
  service: Service,
  container: ObservedContainer,
  observed: Observed,
): readonly Reason[] {
  const reasons: Reason[] = []
  for (const { network } of service.networks) {
    const name = project.networks[network]?.name ?? network
    const existing = observed.networks[name]
    const attachedTo = container.networks[name]
    if (attachedTo === undefined) reasons.push({ text: `is not in network ${name}` })
    else if (existing === undefined) reasons.push({ text: `network ${name} does not exist any more` })
    else if (attachedTo !== '' && attachedTo !== existing.id)
      reasons.push({ text: `network ${name} has been made anew since` })
  }
  return reasons
}
