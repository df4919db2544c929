import { imageLayers } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { integer } from '../../session/globals.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { decimalSize } from '../../ui/human.ts'
import { defineCommand } from '../definition.ts'

interface WasteFlags {
  readonly format: string
  readonly limit: number
}

interface WasteRow {
  readonly Size: string
  readonly Path: string
  readonly Layer: number
  readonly Why: string
}

const headers: Readonly<Record<keyof WasteRow, string>> = { Size: 'SIZE', Path: 'PATH', Layer: 'LAYER', Why: 'WHY' }

export const waste = defineCommand<WasteFlags>({
  configure: command =>
    command
      .argument('<IMAGE>', 'name or id')
      .option('--limit <number>', 'at most so many files, the largest first', integer(1), 20)
      .addOption(rowFormat()),
  details:
    'Files that a later layer replaces or removes. Remove them in the step that makes them, and the image gets smaller.',
  examples: [{ line: 'berth image waste app', means: 'caches and packages that were left in a layer' }],
  async run(context, [name = ''], { format, limit }) {
    const client = await connect(context)
    const { Layers, Wasted } = await imageLayers(client, name)
    const rows = Wasted.slice(0, limit).map(
      (file): WasteRow => ({
        Size: decimalSize(file.Size),
        Path: file.Path,
        Layer: file.Layer,
        Why: `${file.Why} in layer ${file.HiddenBy}`,
      }),
    )
    const keys = Object.keys(headers) as (keyof WasteRow)[]
    const columns = keys.map(key => ({ title: headers[key], value: (row: WasteRow) => String(row[key]) }))
    printRows(context, format, rows, { columns, headers: { ...headers } })
    if (format === 'table') {
      const size = Layers.reduce((sum, layer) => sum + layer.Size, 0)
      const wasted = Layers.reduce((sum, layer) => sum + layer.Wasted, 0)
      const share = size === 0 ? 0 : Math.round((wasted / size) * 100)
      print(context, `\n${decimalSize(wasted)} of ${decimalSize(size)} wasted (${share} %), ${Wasted.length} files\n`)
    }
    return 0
  },
})
