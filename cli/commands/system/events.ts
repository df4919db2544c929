import type { EventMessage } from '../../../schemas/api/events.ts'
import { type EventsQuery, openEvents } from '../../client/events.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { printInspected } from '../../session/print-rows.ts'
import { sanitizeLine } from '../../ui/sanitize.ts'
import { parseTimestamp } from '../../ui/timestamp.ts'
import { defineCommand } from '../definition.ts'

interface EventsFlags {
  readonly filter: readonly string[]
  readonly format?: string
  readonly since?: string
  readonly until?: string
}

export const systemEvents = defineCommand<EventsFlags>({
  configure: command =>
    command
      .addOption(filterOption())
      .option('--format <how>', 'json (one object per line), or a Go template such as "{{.Action}}"')
      .option('--since <time>', 'begin with past events: 10m, 2026-01-31T12:00:00Z')
      .option('--until <time>', 'end at this time'),
  examples: [
    { line: 'berth system events -f type=network', means: 'what happens to networks from now on' },
    { line: 'berth system events --since 1h --until 0s --format json', means: 'the last hour' },
  ],
  handlesInterrupt: true,
  async run(context, _args, { filter, format, since, until }) {
    const client = await connect(context)
    const now = Date.now()
    const query: EventsQuery = {
      filters: readFilters(filter),
      ...(since === undefined ? {} : { since: parseTimestamp(since, now) }),
      ...(until === undefined ? {} : { until: parseTimestamp(until, now) }),
    }
    try {
      for await (const event of await openEvents(client, query, { signal: context.signal })) {
        if (format === undefined) print(context, `${sanitizeLine(eventLine(event))}\n`)
        else printInspected(context, format, [event])
      }
    } catch (error) {
      if (!context.signal.aborted) throw error
    }
    return context.signal.aborted ? 130 : 0
  },
})

/** `2026-01-31T12:00:00.000000000Z container start <id> (image=..., name=...)`, as docker prints it. */
function eventLine({ Type, Action, Actor, time, timeNano }: EventMessage): string {
  const nanoseconds = String(timeNano % 1_000_000_000).padStart(9, '0')
  const attributes = Object.entries(Actor.Attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
  const when = `${new Date(time * 1000).toISOString().slice(0, 19)}.${nanoseconds}Z`
  return `${when} ${Type} ${Action} ${Actor.ID}${attributes.length > 0 ? ` (${attributes.join(', ')})` : ''}`
}
