import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import { listContainers } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { label } from '../model/labels.ts'
import type { StackTarget } from './stack-target.ts'

export interface ContainerChoice {
  /** Empty = all. */
  readonly services?: readonly string[]
  /** Stopped ones too. */
  readonly all?: boolean
  /** Those of `berth run` too. */
  readonly oneOff?: boolean
  readonly status?: readonly string[]
}

/** Containers of a stack, by service and number. */
export async function stackContainers(
  client: EngineClient,
  stack: StackTarget,
  choice: ContainerChoice = {},
): Promise<readonly ContainerSummary[]> {
  const { services = [], all = false, oneOff = false, status = [] } = choice
  const labels = [`${label.project}=${stack.name}`]
  if (!oneOff) labels.push(`${label.oneOff}=False`)
  const containers = await listContainers(client, {
    all,
    filters: { label: labels, ...(status.length > 0 ? { status } : {}) },
  })
  const wanted =
    services.length === 0 ? containers : containers.filter(container => services.includes(serviceOf(container)))
  if (stack.project === undefined) requireKnown(services, containers, stack.name)
  return [...wanted].sort(byServiceAndNumber)
}

/** The container of a service with a number (from 1), or its first one, at last one of `berth run`; it must be running. */
export async function serviceContainer(
  client: EngineClient,
  stack: StackTarget,
  service: string,
  index: number | undefined,
): Promise<ContainerSummary> {
  const running = await stackContainers(client, stack, { oneOff: true })
  const all = running.filter(candidate => serviceOf(candidate) === service)
  const containers = all.filter(candidate => candidate.Labels[label.oneOff] !== 'True')
  const container =
    index === undefined ? (containers[0] ?? all[0]) : containers.find(candidate => numberOf(candidate) === index)
  if (container) return container
  const which =
    index === undefined
      ? `service "${service}" is not running`
      : `service "${service}" is not running container #${index}`
  throw new BerthError('NOT_FOUND', which, {
    hint: `start it with "berth up -d ${service}"; "berth ps -a" shows what became of it`,
  })
}

/** As `serviceContainer`, for what works with stopped containers too. */
export async function stackContainer(
  client: EngineClient,
  stack: StackTarget,
  service: string,
  index: number | undefined,
): Promise<ContainerSummary> {
  const containers = await stackContainers(client, stack, { services: [service], all: true })
  const container = index === undefined ? containers[0] : containers.find(candidate => numberOf(candidate) === index)
  if (container) return container
  throw new BerthError(
    'NOT_FOUND',
    index === undefined ? `service "${service}" has no container` : `service "${service}" has no container #${index}`,
    { hint: `make it with "berth create ${service}"` },
  )
}

export function nameOf(container: Pick<ContainerSummary, 'Id' | 'Names'>): string {
  return (container.Names[0] ?? container.Id.slice(0, 12)).replace(/^\//, '')
}

export function serviceOf(container: ContainerSummary): string {
  return container.Labels[label.service] ?? ''
}

export function numberOf(container: ContainerSummary): number {
  return Number(container.Labels[label.number] ?? 0)
}

/** `web-1`: the name without that of the stack, as it stands before log lines. */
export function shortNameOf(container: Pick<ContainerSummary, 'Id' | 'Names'>, stackName: string): string {
  const name = nameOf(container)
  return name.startsWith(`${stackName}-`) || name.startsWith(`${stackName}_`) ? name.slice(stackName.length + 1) : name
}

function byServiceAndNumber(a: ContainerSummary, b: ContainerSummary): number {
  return (
    serviceOf(a).localeCompare(serviceOf(b), 'en') ||
    numberOf(a) - numberOf(b) ||
    nameOf(a).localeCompare(nameOf(b), 'en')
  )
}

/** Without a stack file, the services are those that have containers. */
function requireKnown(services: readonly string[], containers: readonly ContainerSummary[], stackName: string): void {
  const known = new Set(containers.map(serviceOf))
  const unknown = services.find(service => !known.has(service))
  if (unknown === undefined) return
  throw new BerthError('NOT_FOUND', `no such service: ${unknown}`, {
    hint: `services of ${stackName} with containers: ${[...known].sort().join(', ') || 'none'}`,
  })
}
