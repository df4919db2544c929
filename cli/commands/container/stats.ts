import type { StatsRow } from '../../../schemas/output/stats.ts'
import { inspectContainer, listContainers } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { followStats, type MeasuredContainer, sampleStats } from '../../session/container-stats.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { nameOf } from '../../session/stack-containers.ts'
import { statsColumns, statsHeaders } from '../../ui/stats-columns.ts'
import { defineCommand } from '../definition.ts'

interface StatsFlags {
  readonly all?: true
  readonly format: string
  readonly stream: boolean
  readonly trunc: boolean
}

export const containerStats = defineCommand<StatsFlags>({
  configure: command =>
    command
      .argument('[CONTAINER...]', 'names or ids (default: all that run)')
      .option('-a, --all', 'stopped containers too')
      .addOption(rowFormat())
      .option('--no-stream', 'one measurement, then end')
      .option('--no-trunc', 'print ids in full'),
  examples: [{ line: 'berth container stats --no-stream', means: 'what every container uses now' }],
  handlesInterrupt: true,
  async run(context, names, flags) {
    const client = await connect(context)
    const isFull = !flags.trunc
    const measured = names.length > 0 ? await Promise.all(names.map(named)) : await listed()
    const show = (rows: readonly StatsRow[]) =>
      printRows(context, flags.format, rows, { columns: [idColumn, ...statsColumns], headers: statsHeaders })
    if (flags.stream) return followStats(context, client, measured, { show, isFull, isTable: flags.format === 'table' })
    show(await sampleStats(client, measured, isFull))
    return 0

    async function named(name: string): Promise<MeasuredContainer> {
      const { Id, Name, State } = await inspectContainer(client, name)
      return { id: Id, name: Name.replace(/^\//, ''), isRunning: State.Running }
    }
    async function listed(): Promise<readonly MeasuredContainer[]> {
      const containers = await listContainers(client, { all: flags.all ?? false })
      return containers.map(container => ({
        id: container.Id,
        name: nameOf(container),
        isRunning: container.State === 'running' || container.State === 'paused',
      }))
    }
  },
})

const idColumn = { title: 'CONTAINER ID', value: (row: StatsRow) => row.ID }
