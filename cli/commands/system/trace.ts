import type { LifeTrace, TraceStage } from '../../../schemas/api/berth.ts'
import { openTraces } from '../../client/trace.ts'
import { connect } from '../../session/connect.ts'
import { print, printJson } from '../../session/context.ts'
import { choice, integer } from '../../session/globals.ts'
import { formatTable } from '../../ui/table.ts'
import { defineCommand } from '../definition.ts'

interface TraceFlags {
  readonly format: 'table' | 'json'
  readonly count?: number
}

export const systemTrace = defineCommand<TraceFlags>({
  configure: command =>
    command
      .argument('[CONTAINER...]', 'containers to look at, by name or id (default: all)')
      .option('-n, --count <number>', 'end after so many starts and stops', integer(1))
      .addOption(choice('--format <how>', 'how to print', ['table', 'json'], 'table')),
  details:
    'Each start, stop and kill that ends while this runs is shown as a table of its stages, in microseconds: where each began, how long it took, and in ' +
    'which process. Stages of different processes overlap. Nothing is measured while nobody looks.',
  examples: [
    { line: 'berth system trace', means: 'where the time of starts and stops goes, until Ctrl-C' },
    { line: 'berth system trace -n 1 --format json web', means: 'the next one of a container, for programs' },
  ],
  handlesInterrupt: true,
  async run(context, containers, { format, count }) {
    const client = await connect(context)
    let left = count ?? Number.POSITIVE_INFINITY
    try {
      const traces = await openTraces(client, context.signal)
      context.stderr.write('Tracing starts and stops.\n')
      for await (const trace of traces) {
        if (!isMeant(trace, containers)) continue
        if (format === 'json') printJson(context, trace)
        else print(context, table(trace))
        left -= 1
        if (left === 0) return 0
      }
    } catch (error) {
      if (!context.signal.aborted) throw error
    } finally {
      client.close()
    }
    return context.signal.aborted ? 130 : 0
  },
})

const isMeant = ({ ContainerId, ContainerName }: LifeTrace, references: readonly string[]): boolean =>
  references.length === 0 ||
  references.some(one => one === ContainerName || (one.length > 0 && ContainerId.startsWith(one)))

function table({ Action, ContainerName, Microseconds, Stages }: LifeTrace): string {
  const columns = [
    { title: 'AT', value: ({ At }: TraceStage) => At.toFixed(0), align: 'right' },
    { title: 'TOOK', value: (stage: TraceStage) => stage.Microseconds.toFixed(0), align: 'right' },
    { title: 'PROCESS', value: ({ Process }: TraceStage) => Process },
    { title: 'STAGE', value: ({ Stage }: TraceStage) => Stage },
  ] as const
  // Steps that this container does not need end where they began.
  const told = Stages.filter(stage => stage.Microseconds >= 1)
  return `${ContainerName} ${Action}: ${Microseconds.toFixed(0)} us\n${formatTable<TraceStage>(columns, told)}\n`
}
