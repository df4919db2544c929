import type { LogOutputLine } from '../../schemas/output/logs.ts'
import { label } from '../model/labels.ts'
import { connect } from '../session/connect.ts'
import { type Context, printJson } from '../session/context.ts'
import { followLogs } from '../session/follow-logs.ts'
import { choice, integer } from '../session/globals.ts'
import { LogFollower } from '../session/log-follower.ts'
import { type LogLine, logLines, mergeByTime } from '../session/log-lines.ts'
import { createLogPrinter, type LogFlags } from '../session/log-printer.ts'
import { numberOf, shortNameOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { parseTimestamp } from '../ui/timestamp.ts'
import { defineCommand } from './definition.ts'

interface LogsCommandFlags extends LogFlags {
  readonly follow?: true
  readonly index?: number
  readonly since?: string
  readonly until?: string
  readonly tail: string
  readonly format: 'text' | 'json'
}

export const logs = defineCommand<LogsCommandFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to show (default: all)')
      .option('-f, --follow', 'go on showing what comes')
      .option('--index <number>', 'only this container of the service', integer(1))
      .option('--no-color', 'no colours')
      .option('--no-log-prefix', 'no names before the lines')
      .option('--since <time>', 'from this time on: 10m, 1h30m, 2026-01-31T12:00:00Z')
      .option('--until <time>', 'up to this time')
      .option('-n, --tail <lines>', 'only the last lines of each container', parseTail, 'all')
      .option('-t, --timestamps', 'show when each line was written')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details: 'Lines of several containers come in the order in which they were written.',
  examples: [
    { line: 'berth logs -f', means: 'follow the whole stack' },
    { line: 'berth logs --tail 20 api worker', means: 'the last 20 lines of each container' },
    { line: 'berth logs --since 10m -t web', means: 'the last ten minutes, with times' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const found = await stackContainers(client, stack, { services, all: true })
    const containers = found.filter(container => flags.index === undefined || numberOf(container) === flags.index)
    const followed = containers.map(container => ({ id: container.Id, name: shortNameOf(container, stack.name) }))
    const names = followed.map(container => container.name)
    const print = flags.format === 'json' ? jsonPrinter(context) : createLogPrinter(context, names, flags)
    const { tail, follow } = flags
    const since = flags.since === undefined ? undefined : parseTimestamp(flags.since, Date.now())
    const until = flags.until === undefined ? undefined : parseTimestamp(flags.until, Date.now())

    if (!follow || until !== undefined) {
      const query = { tail, ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
      const sources = followed.map(container => logLines(client, container, query, context.signal))
      for await (const { line, index } of mergeByTime(sources)) print(names[index] ?? '', line)
      return 0
    }
    const { signal } = context
    await followLogs(client, new LogFollower(client, print, signal), {
      stackName: stack.name,
      containers: followed,
      start: { tail, ...(since === undefined ? {} : { since }) },
      signal,
      nameOf: ({ Actor: { Attributes } }) => {
        const isWanted = services.length === 0 || services.includes(Attributes[label.service] ?? '')
        return isWanted ? Attributes['name']?.replace(`${stack.name}-`, '') : undefined
      },
    })
    return context.signal.aborted ? 130 : 0
  },
})

function jsonPrinter(context: Context): (name: string, line: LogLine) => void {
  return (name, { stream, time, text }) => {
    const output: LogOutputLine = { container: name, stream, time, text }
    printJson(context, output)
  }
}

function parseTail(text: string): string {
  return text === 'all' ? text : String(integer(-1)(text))
}
