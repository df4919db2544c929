import { listVolumes } from '../../client/volumes.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { volumeColumns, volumeHeaders, volumeRow } from '../../ui/volume-row.ts'
import { defineCommand } from '../definition.ts'

interface ListFlags {
  readonly filter: readonly string[]
  readonly format: string
  readonly quiet?: true
}

export const volumeLs = defineCommand<ListFlags>({
  configure: command =>
    command.addOption(filterOption()).addOption(rowFormat()).option('-q, --quiet', 'print names only'),
  examples: [{ line: 'berth volume ls -f dangling=true', means: 'volumes that no container uses' }],
  async run(context, _args, flags) {
    const volumes = await listVolumes(await connect(context), readFilters(flags.filter))
    const rows = volumes.map(volumeRow).sort((a, b) => a.Name.localeCompare(b.Name, 'en'))
    if (flags.quiet) print(context, rows.map(row => `${row.Name}\n`).join(''))
    else printRows(context, flags.format, rows, { columns: volumeColumns, headers: volumeHeaders })
    return 0
  },
})
