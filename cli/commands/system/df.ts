import { diskUsage } from '../../client/system.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { type DiskUsageView, dfColumns, dfHeaders, dfRows, verboseDf } from '../../ui/disk-usage.ts'
import { defineCommand } from '../definition.ts'

export const systemDf = defineCommand<{ readonly format: string; readonly verbose?: true }>({
  configure: command => command.addOption(rowFormat()).option('-v, --verbose', 'every image, container and volume'),
  examples: [{ line: 'berth system df', means: 'what is stored, and what a prune would give back' }],
  async run(context, _args, { format, verbose }) {
    const usage = await diskUsage<DiskUsageView>(await connect(context))
    if (verbose && format === 'table') print(context, verboseDf(usage, Date.now(), context.style))
    else printRows(context, format, dfRows(usage), { columns: dfColumns, headers: dfHeaders })
    return 0
  },
})
