import type { EventMessage } from '../../schemas/api/events.ts'
import type { Filters } from '../../schemas/api/filters.ts'
import type { EngineClient } from './engine-client.ts'
import { readJsonLines } from './json-lines.ts'

export interface EventsQuery {
  readonly filters?: Filters
  /** Seconds since 1970, with a fraction. */
  readonly since?: string
  /** In the past: the stream ends by itself. */
  readonly until?: string
}

/** Resolves when the engine is watching, so that nothing that is done afterwards can be missed. Ends with `signal`. */
export async function openEvents(
  client: EngineClient,
  query: EventsQuery,
  options: { readonly signal?: AbortSignal } = {},
): Promise<AsyncGenerator<EventMessage>> {
  const { filters, since, until } = query
  const { body } = await client.stream({
    method: 'GET',
    path: '/events',
    query: { filters: filters && JSON.stringify(filters), since, until },
    ...(options.signal && { signal: options.signal }),
  })
  return readJsonLines<EventMessage>(body)
}
