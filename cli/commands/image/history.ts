import { imageHistory } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { type HistoryRow, historyHeaders, historyRow } from '../../ui/image-row.ts'
import { defineCommand } from '../definition.ts'

interface HistoryFlags {
  readonly format: string
  readonly trunc: boolean
  readonly quiet?: true
}

export const history = defineCommand<HistoryFlags>({
  configure: command =>
    command
      .argument('<IMAGE>', 'name or id')
      .addOption(rowFormat())
      .option('--no-trunc', 'instructions in full')
      .option('-q, --quiet', 'print ids only'),
  examples: [{ line: 'berth image history --no-trunc app', means: 'every instruction, newest first' }],
  async run(context, [name = ''], { format, trunc, quiet }) {
    const client = await connect(context)
    const nowMs = Date.now()
    const rows = (await imageHistory(client, name)).map(item => historyRow(item, nowMs, !trunc))
    if (quiet) {
      print(context, rows.map(row => `${row.ID}\n`).join(''))
      return 0
    }
    const shown: (keyof HistoryRow)[] = ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment']
    const columns = shown.map(key => ({ title: historyHeaders[key], value: (row: HistoryRow) => row[key] }))
    printRows(context, format, rows, { columns, headers: { ...historyHeaders } })
    return 0
  },
})
