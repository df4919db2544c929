import type { ContainerStats } from '../../schemas/api/stats.ts'
import type { StatsRow } from '../../schemas/output/stats.ts'
import { containerStats } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { connect } from '../session/connect.ts'
import { type Context, print, printJson } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { nameOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { binarySize, decimalSize } from '../ui/human.ts'
import { statsRow } from '../ui/stats-row.ts'
import { formatTable } from '../ui/table.ts'
import { defineCommand } from './definition.ts'

interface StatsFlags {
  readonly format: 'table' | 'json'
  readonly stream: boolean
}

const redrawEveryMs = 500

export const stats = defineCommand<StatsFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to measure (default: all)')
      .addOption(choice('--format <how>', 'how to print', ['table', 'json'], 'table'))
      .option('--no-stream', 'one measurement, then end'),
  examples: [
    { line: 'berth stats', means: 'a table that goes on until Ctrl-C' },
    { line: 'berth stats --no-stream --format json', means: 'one JSON object per container' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const containers = await stackContainers(client, stack, { services })
    const names = new Map(containers.map(container => [container.Id, nameOf(container)]))
    if (!flags.stream) {
      const samples = await Promise.all([...names.keys()].map(id => sample(client, id)))
      show(
        context,
        samples.flatMap(stats => (stats ? [statsRow(stats, names.get(stats.id) ?? '')] : [])),
        flags,
      )
      return 0
    }
    await follow(context, client, names, flags)
    return context.signal.aborted ? 130 : 0
  },
})

async function sample(client: EngineClient, id: string): Promise<ContainerStats | undefined> {
  for await (const stats of await containerStats(client, id, { follow: false })) return stats
  return undefined
}

async function follow(
  context: Context,
  client: EngineClient,
  names: ReadonlyMap<string, string>,
  flags: StatsFlags,
): Promise<void> {
  const latest = new Map<string, StatsRow>()
  const canDraw = flags.format === 'table' && context.stdout.isTTY === true
  const draw = () => {
    if (canDraw) print(context, '\u001b[H\u001b[J')
    show(
      context,
      [...names.keys()].flatMap(id => latest.get(id) ?? []),
      flags,
    )
  }
  const timer = canDraw ? setInterval(draw, redrawEveryMs) : undefined
  const one = async (id: string, name: string): Promise<void> => {
    try {
      for await (const stats of await containerStats(client, id, { follow: true }, { signal: context.signal })) {
        const row = statsRow(stats, name)
        latest.set(id, row)
        if (!canDraw) show(context, [row], flags)
      }
    } catch (error) {
      if (!context.signal.aborted && !isNotFound(error)) throw error
    }
  }
  try {
    await Promise.all([...names].map(([id, name]) => one(id, name)))
  } finally {
    clearInterval(timer)
  }
}

function show(context: Context, rows: readonly StatsRow[], { format }: StatsFlags): void {
  if (format === 'json') {
    for (const row of rows) printJson(context, row)
    return
  }
  print(
    context,
    formatTable(
      [
        { title: 'NAME', value: row => row.name },
        { title: 'CPU %', value: row => `${row.cpuPercent.toFixed(2)}%`, align: 'right' },
        {
          title: 'MEM USAGE / LIMIT',
          value: row => `${binarySize(row.memoryBytes)} / ${binarySize(row.memoryLimitBytes)}`,
          align: 'right',
        },
        { title: 'MEM %', value: row => `${row.memoryPercent.toFixed(2)}%`, align: 'right' },
        {
          title: 'NET I/O',
          value: row => `${decimalSize(row.networkReceivedBytes)} / ${decimalSize(row.networkSentBytes)}`,
          align: 'right',
        },
        {
          title: 'BLOCK I/O',
          value: row => `${decimalSize(row.blockReadBytes)} / ${decimalSize(row.blockWrittenBytes)}`,
          align: 'right',
        },
        { title: 'PIDS', value: row => String(row.pids), align: 'right' },
      ],
      rows,
    ),
  )
}
