import type { ContainerSummary } from '../../schemas/api/containers.ts'
import type { EventMessage } from '../../schemas/api/events.ts'
import { inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { label } from '../model/labels.ts'
import { nameOf, serviceOf } from './stack-containers.ts'

/** The end of one container. */
export interface Ended {
  readonly id: string
  readonly name: string
  readonly service: string
  readonly code: number
}

export const endOf = ({ Actor: { ID, Attributes } }: EventMessage): Ended => ({
  id: ID,
  name: Attributes['name'] ?? '',
  service: Attributes[label.service] ?? '',
  code: Number(Attributes['exitCode'] ?? 0),
})

/** Those that have ended since a moment, the first one first. */
export async function endedSince(
  client: EngineClient,
  containers: readonly ContainerSummary[],
  sinceMs: number,
): Promise<readonly Ended[]> {
  const candidates = containers.filter(({ State }) => State === 'exited' || State === 'dead')
  const found = await Promise.all(
    candidates.map(async container => {
      const { State } = await inspectContainer(client, container.Id)
      const end = { id: container.Id, name: nameOf(container), service: serviceOf(container), code: State.ExitCode }
      return { end, atMs: Date.parse(State.FinishedAt) }
    }),
  )
  return found
    .filter(({ atMs }) => atMs >= sinceMs)
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ end }) => end)
}

/** The exit code of --exit-code-from, also when another container was the first to end. */
export async function lastCodeOf(
  client: EngineClient,
  containers: readonly ContainerSummary[],
  service: string,
): Promise<number> {
  const container = containers.find(candidate => serviceOf(candidate) === service)
  return container === undefined ? 0 : (await inspectContainer(client, container.Id)).State.ExitCode
}
