import type { StatsRow } from '../../schemas/output/stats.ts'
import { connect } from '../session/connect.ts'
import { followStats, sampleStats } from '../session/container-stats.ts'
import { printRows, rowFormat } from '../session/print-rows.ts'
import { nameOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { statsColumns, statsHeaders } from '../ui/stats-columns.ts'
import { defineCommand } from './definition.ts'

interface StatsFlags {
  readonly all?: true
  readonly format: string
  readonly stream: boolean
  readonly trunc: boolean
}

export const stats = defineCommand<StatsFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to measure (default: all)')
      .option('-a, --all', 'stopped containers too')
      .addOption(rowFormat())
      .option('--no-stream', 'one measurement, then end')
      .option('--no-trunc', 'print ids in full'),
  examples: [
    { line: 'berth stats', means: 'a table that goes on until Ctrl-C' },
    { line: 'berth stats --no-stream --format json', means: 'one JSON object per container' },
    { line: `berth stats --no-stream --format '{{.Name}} {{.MemPerc}}'`, means: 'chosen members' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const containers = await stackContainers(client, stack, { services, all: flags.all ?? false })
    const measured = containers.map(container => ({
      id: container.Id,
      name: nameOf(container),
      isRunning: container.State === 'running' || container.State === 'paused',
    }))
    const isFull = !flags.trunc
    const show = (rows: readonly StatsRow[]) =>
      printRows(context, flags.format, rows, { columns: statsColumns, headers: statsHeaders })
    if (flags.stream) return followStats(context, client, measured, { show, isFull, isTable: flags.format === 'table' })
    show(await sampleStats(client, measured, isFull))
    return 0
  },
})
