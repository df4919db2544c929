import type { Project, Service } from '../model/project.ts'
import type { Reservation } from '../model/reservation.ts'
import type { Observed } from '../observe/observed.ts'
import type { UpOptions } from './options.ts'
import type { Selection } from './selection.ts'

/**
 * `deploy.resources.reservations` as admission control: nothing if the host can hold what its running containers have reserved and what this
 * stack is to run, else the sums. Containers of the chosen services count as the file wants them, all others as they are.
 */
export function refuseReservations(
  project: Project,
  observed: Observed,
  selection: Selection,
  options: UpOptions,
): readonly string[] {
  const { host } = observed
  if (host === undefined || options.noStart === true) return []
  const others = host.reservations.filter(
    ({ project: name, service }) => name !== project.name || !selection.has(service),
  )
  const wanted = selection.services.flatMap(service => wantedBy(service, options))
  return [
    overcommitted('memory', bytesText, host.memoryBytes, others, wanted, ({ memoryBytes }) => memoryBytes ?? 0),
    overcommitted('cpus', String, host.cpus, others, wanted, ({ cpus }) => cpus ?? 0),
  ].flatMap(problem => problem ?? [])
}

interface Wanted extends Reservation {
  readonly service: string
  readonly count: number
}

function wantedBy(service: Service, { scale }: UpOptions): readonly Wanted[] {
  const count = scale?.[service.name] ?? service.scale
  return service.reservation === undefined || count === 0
    ? []
    : [{ service: service.name, count, ...service.reservation }]
}

function overcommitted(
  what: string,
  shown: (amount: number) => string,
  there: number,
  others: readonly Reservation[],
  wanted: readonly Wanted[],
  amountOf: (of: Reservation) => number,
): string | undefined {
  const reserved = sum(others.map(amountOf))
  const asked = wanted.filter(each => amountOf(each) > 0)
  const needed = sum(asked.map(each => each.count * amountOf(each)))
  if (needed === 0 || reserved + needed <= there) return undefined
  const parts = asked.map(each => `${each.service} ${each.count} x ${shown(amountOf(each))}`)
  const rest = `of the host's ${shown(there)}, ${shown(reserved)} are reserved by ${others.filter(each => amountOf(each) > 0).length} running containers`
  return `the host cannot hold the reserved ${what}: this stack asks for ${shown(needed)} (${parts.join(', ')}); ${rest}`
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

const bytesText = (bytes: number): string => `${Math.round((bytes / 1024 ** 2) * 10) / 10}m`
