import { BerthError } from '../../schemas/errors.ts'
import { untilTime } from '../containers/list.ts'
import type { EngineEvent, EventBus } from '../events/bus.ts'
import { matchesEvent } from '../events/filter.ts'
import type { RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { get, type Route } from '../http/route.ts'

/** A reader that is this far behind is dropped: it would learn of nothing in time, and memory is bounded. */
const maxBufferedBytes = 4 * 1024 * 1024
const nanosPerMilli = 1_000_000

export interface EventRoutesOptions {
  readonly events: EventBus
  readonly now: () => number
}

export const eventRoutes = (options: EventRoutesOptions): Route[] => [
  get('/events', request => streamEvents(options, request)),
]

/** One JSON line for each event: those since a time first, then live until a time or the client's end. Headers go out at once. */
async function streamEvents({ events, now }: EventRoutesOptions, request: RequestContext): Promise<undefined> {
  // dockerd takes filters that it does not know, and they hold for nothing less.
  const filters = parseFilters(request.query)
  const since = timeOf(request.query.get('since'), now())
  const until = timeOf(request.query.get('until'), now())
  if (since !== undefined && until !== undefined && since > until) {
    const times = `\`since\` time (${request.query.get('since')}) cannot be after \`until\` time (${request.query.get('until')})`
    throw new BerthError('INVALID_ARGUMENT', times)
  }
  const { signal } = request
  const response = request.stream(200, { 'Content-Type': 'application/json' })
  const write = (event: EngineEvent): void => {
    if (!matchesEvent(event, filters)) return
    if (response.writableLength > maxBufferedBytes) response.destroy()
    else response.write(`${JSON.stringify(event)}\n`)
  }
  if (since !== undefined) for (const event of events.history(since * nanosPerMilli, untilNanos(until))) write(event)
  if (until !== undefined && until <= now()) {
    response.end()
    return undefined
  }
  await new Promise<void>(resolve => {
    const stop = events.subscribe(write)
    const timer = until === undefined ? undefined : setTimeout(end, until - now())
    function end(): void {
      clearTimeout(timer)
      stop()
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
  })
  response.end()
  return undefined
}

const untilNanos = (until: number | undefined): number =>
  until === undefined ? Number.POSITIVE_INFINITY : until * nanosPerMilli

const timeOf = (text: string | null, now: number): number | undefined =>
  text === null || text === '' ? undefined : untilTime(text, now)
