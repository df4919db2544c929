import { listContainers } from '../client/containers.ts'
import type { CallOptions, EngineClient } from '../client/engine-client.ts'
import { engineInfo } from '../client/system.ts'
import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import { parseReservation, reservationLabel } from '../model/reservation.ts'
import type { ObservedHost } from './observed.ts'

/** The host's own facts and what is reserved on it: asked for only when a service says something of either. */
export async function observeHost(
  client: EngineClient,
  project: Project,
  options: CallOptions,
): Promise<ObservedHost | undefined> {
  const services = Object.values(project.services)
  if (services.every(({ reservation, placement }) => reservation === undefined && placement === undefined))
    return undefined
  const filters = { label: [reservationLabel] }
  const [info, containers] = await Promise.all([
    engineInfo(client, options),
    listContainers(client, { filters }, options),
  ])
  return {
    id: info.ID,
    hostname: info.Name,
    os: info.OSType,
    architecture: info.Architecture,
    labels: Object.fromEntries((info.Labels ?? []).map(pairOf)),
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    reservations: containers.map(({ Labels }) => ({
      project: Labels[label.project] ?? '',
      service: Labels[label.service] ?? '',
      ...parseReservation(Labels[reservationLabel] ?? ''),
    })),
  }
}

function pairOf(text: string): readonly [string, string] {
  const [name = '', ...value] = text.split('=')
  return [name, value.join('=')]
}
