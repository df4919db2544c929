import type { EventMessage } from '../../schemas/api/events.ts'
import type { EventOutput } from '../../schemas/output/events.ts'
import { type EventsQuery, openEvents } from '../client/events.ts'
import { label } from '../model/labels.ts'
import { connect } from '../session/connect.ts'
import { type Context, print, printJson } from '../session/context.ts'
import { findStack } from '../session/stack-target.ts'
import { sanitizeLine } from '../ui/sanitize.ts'
import { parseTimestamp } from '../ui/timestamp.ts'
import { defineCommand } from './definition.ts'

interface EventsFlags {
  readonly json?: true
  readonly since?: string
  readonly until?: string
}

export const events = defineCommand<EventsFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to watch (default: all)')
      .option('--json', 'one JSON object per event')
      .option('--since <time>', 'begin with past events: 10m, 2026-01-31T12:00:00Z')
      .option('--until <time>', 'end at this time'),
  examples: [
    { line: 'berth events', means: 'what happens from now on, until Ctrl-C' },
    { line: 'berth events --since 1h --until 0s --json', means: 'the last hour' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const now = Date.now()
    const query: EventsQuery = {
      filters: { type: ['container'], label: [`${label.project}=${stack.name}`, `${label.oneOff}=False`] },
      ...(flags.since === undefined ? {} : { since: parseTimestamp(flags.since, now) }),
      ...(flags.until === undefined ? {} : { until: parseTimestamp(flags.until, now) }),
    }
    try {
      for await (const event of await openEvents(client, query, { signal: context.signal })) {
        const output = toOutput(event)
        if (services.length === 0 || services.includes(output.service)) show(context, output, flags.json === true)
      }
    } catch (error) {
      if (!context.signal.aborted) throw error
    }
    return context.signal.aborted ? 130 : 0
  },
})

/** The event as `docker compose events --json` tells it: labels of Compose and Berth themselves are left out of the attributes. */
function toOutput({ Action, Actor: { ID, Attributes }, time, timeNano }: EventMessage): EventOutput {
  const nanoseconds = String(timeNano % 1_000_000_000).padStart(9, '0')
  const own = Object.entries(Attributes).filter(([name]) => !/^(com\.docker\.compose|berth)\./.test(name))
  return {
    time: `${new Date(time * 1000).toISOString().slice(0, 19)}.${nanoseconds}Z`,
    type: 'container',
    service: Attributes[label.service] ?? '',
    id: ID,
    action: Action,
    attributes: Object.fromEntries(own),
  }
}

function show(context: Context, output: EventOutput, isJson: boolean): void {
  if (isJson) {
    printJson(context, output)
    return
  }
  const attributes = Object.entries(output.attributes).map(([name, value]) => `${name}=${value}`)
  print(
    context,
    `${sanitizeLine(`${output.time} ${output.type} ${output.action} ${output.id} (${attributes.join(', ')})`)}\n`,
  )
}
