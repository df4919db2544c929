import { listNetworks } from '../../client/networks.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { networkColumns, networkHeaders, networkRow } from '../../ui/network-row.ts'
import { defineCommand } from '../definition.ts'

interface ListFlags {
  readonly filter: readonly string[]
  readonly format: string
  readonly trunc: boolean
  readonly quiet?: true
}

export const networkLs = defineCommand<ListFlags>({
  configure: command =>
    command
      .addOption(filterOption())
      .addOption(rowFormat())
      .option('--no-trunc', 'print ids in full')
      .option('-q, --quiet', 'print ids only'),
  examples: [{ line: 'berth network ls -f driver=bridge', means: 'bridges of the engine' }],
  async run(context, _args, flags) {
    const networks = await listNetworks(await connect(context), readFilters(flags.filter))
    const rows = networks
      .map(network => networkRow(network, !flags.trunc))
      .sort((a, b) => a.Name.localeCompare(b.Name, 'en'))
    if (flags.quiet) print(context, rows.map(row => `${row.ID}\n`).join(''))
    else printRows(context, flags.format, rows, { columns: networkColumns, headers: networkHeaders })
    return 0
  },
})
