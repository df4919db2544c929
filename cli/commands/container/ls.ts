import type { Filters } from '../../../schemas/api/filters.ts'
import { listContainers } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { integer } from '../../session/globals.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { type ContainerRow, containerHeaders, containerRow, paintStatus } from '../../ui/container-row.ts'
import type { Style } from '../../ui/style.ts'
import type { Column } from '../../ui/table.ts'
import { defineCommand } from '../definition.ts'

interface ListFlags {
  readonly all?: true
  readonly filter: readonly string[]
  readonly format: string
  readonly last?: number
  readonly latest?: true
  readonly trunc: boolean
  readonly quiet?: true
  readonly size?: true
}

export const containerLs = defineCommand<ListFlags>({
  configure: command =>
    command
      .option('-a, --all', 'stopped containers too')
      .addOption(filterOption())
      .addOption(rowFormat())
      .option('-n, --last <number>', 'the last ones that were created, in any state', integer(-1))
      .option('-l, --latest', 'the last one that was created')
      .option('--no-trunc', 'print ids and commands in full')
      .option('-q, --quiet', 'print ids only')
      .option('-s, --size', 'what each has written'),
  examples: [
    { line: 'berth container ls -a', means: 'every container of the engine' },
    { line: 'berth container ls -q -f status=exited', means: 'ids of those that have ended' },
    { line: `berth container ls --format '{{.Names}}: {{.Status}}'`, means: 'a line of your own' },
  ],
  async run(context, _args, flags) {
    const filters: Filters = readFilters(flags.filter)
    const limit = flags.latest ? 1 : flags.last !== undefined && flags.last > 0 ? flags.last : undefined
    const all = flags.all === true || limit !== undefined
    const client = await connect(context)
    const wantsSize = flags.size === true || flags.format.includes('.Size')
    const containers = await listContainers(client, {
      all,
      filters,
      size: wantsSize,
      ...(limit === undefined ? {} : { limit }),
    })
    const rows = containers.map(container => containerRow(container, { nowMs: Date.now(), isFull: !flags.trunc }))
    if (flags.quiet) print(context, rows.map(row => `${row.ID}\n`).join(''))
    else
      printRows(context, flags.format, rows, {
        columns: columns(context.style, flags.size === true),
        headers: containerHeaders,
      })
    return 0
  },
})

function columns(style: Style, hasSize: boolean): readonly Column<ContainerRow>[] {
  return [
    { title: 'CONTAINER ID', value: row => row.ID },
    { title: 'IMAGE', value: row => row.Image },
    { title: 'COMMAND', value: row => row.Command },
    { title: 'CREATED', value: row => row.RunningFor },
    { title: 'STATUS', value: row => row.Status, paint: paintStatus(style) },
    { title: 'PORTS', value: row => row.Ports },
    { title: 'NAMES', value: row => row.Names },
    ...(hasSize ? [{ title: 'SIZE', value: (row: ContainerRow) => row.Size }] : []),
  ]
}
