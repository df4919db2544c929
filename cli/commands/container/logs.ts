import { containerLogs, inspectContainer } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { parseTimestamp } from '../../ui/timestamp.ts'
import { defineCommand } from '../definition.ts'

interface LogsFlags {
  readonly details?: true
  readonly follow?: true
  readonly since?: string
  readonly until?: string
  readonly tail: string
  readonly timestamps?: true
}

export const containerLogsCommand = defineCommand<LogsFlags>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .option('--details', 'no effect: Berth keeps no extra attributes with a line')
      .option('-f, --follow', 'go on showing what comes')
      .option('--since <time>', 'from this time on: 10m, 1h30m, 2026-01-31T12:00:00Z')
      .option('--until <time>', 'up to this time')
      .option('-n, --tail <lines>', 'only the last lines', 'all')
      .option('-t, --timestamps', 'show when each line was written'),
  details: 'What the program wrote to its standard error goes to standard error here too.',
  examples: [{ line: 'berth container logs -f --tail 20 shop-api-1', means: 'the last lines, and what comes' }],
  handlesInterrupt: true,
  async run(context, [name = ''], { follow = false, since, until, tail, timestamps = false }) {
    const client = await connect(context)
    const { Config } = await inspectContainer(client, name)
    const now = Date.now()
    const query = {
      follow,
      tail,
      timestamps,
      ...(since === undefined ? {} : { since: parseTimestamp(since, now) }),
      ...(until === undefined ? {} : { until: parseTimestamp(until, now) }),
    }
    try {
      const options = { signal: context.signal, tty: Config.Tty === true }
      for await (const { stream, data } of await containerLogs(client, name, query, options))
        (stream === 'stderr' ? context.stderr : context.stdout).write(data)
    } catch (error) {
      if (!context.signal.aborted) throw error
    }
    return context.signal.aborted ? 130 : 0
  },
})
