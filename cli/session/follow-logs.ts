import type { EventMessage } from '../../schemas/api/events.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { openEvents } from '../client/events.ts'
import { label } from '../model/labels.ts'
import { type LogLine, type LogSource, logLines } from './log-lines.ts'

export interface FollowedContainer extends LogSource {
  /** Name before its lines. */
  readonly name: string
}

export interface FollowOptions {
  readonly stackName: string
  /** Containers whose log is followed from the beginning on (or from `tail`, `since`). */
  readonly containers: readonly FollowedContainer[]
  readonly tail: string | undefined
  readonly since: string | undefined
  /** Decides whether a container that starts later is followed too, and under which name. */
  readonly accept: (event: EventMessage) => string | undefined
  readonly onLine: (name: string, line: LogLine) => void
  /** Sees every container event of the stack after its effect on the following. */
  readonly onEvent?: (event: EventMessage) => void
  readonly signal: AbortSignal
}

/**
 * Follows the logs of a stack until `signal`: a log ends when its container does, and begins again when the container (or one that takes its place) starts,
 * with the lines since that start.
 */
export async function followLogs(client: EngineClient, options: FollowOptions): Promise<void> {
  const { signal, stackName } = options
  const filters = { type: ['container'], label: [`${label.project}=${stackName}`, `${label.oneOff}=False`] }
  const events = await openEvents(client, { filters }, { signal })
  const running = new Map<string, Promise<void>>()
  const failures: unknown[] = []
  const follow = (container: FollowedContainer, from: { readonly since?: string; readonly tail?: string }) => {
    const before = running.get(container.id) ?? Promise.resolve()
    const next = before.then(() => pump(client, container, from, options)).catch(error => failures.push(error))
    running.set(
      container.id,
      next.then(() => {}),
    )
  }
  for (const container of options.containers) follow(container, definedOnly(options))
  try {
    for await (const event of events) {
      const name = event.Action === 'start' ? options.accept(event) : undefined
      if (name !== undefined) follow({ id: event.Actor.ID, name }, { since: eventTime(event) })
      options.onEvent?.(event)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  await Promise.all(running.values())
  if (failures.length > 0 && !signal.aborted) throw failures[0]
}

async function pump(
  client: EngineClient,
  container: FollowedContainer,
  from: { readonly since?: string; readonly tail?: string },
  { onLine, signal }: FollowOptions,
): Promise<void> {
  try {
    for await (const line of logLines(client, container, { follow: true, ...from }, signal))
      onLine(container.name, line)
  } catch (error) {
    if (!signal.aborted && !isNotFound(error)) throw error
  }
}

function eventTime(event: EventMessage): string {
  return `${event.time}.${String(event.timeNano % 1_000_000_000).padStart(9, '0')}`
}

function definedOnly({ tail, since }: FollowOptions): { readonly since?: string; readonly tail?: string } {
  return { ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) }
}
