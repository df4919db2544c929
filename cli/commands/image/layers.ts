import { imageLayers } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { decimalSize } from '../../ui/human.ts'
import { truncate } from '../../ui/width.ts'
import { defineCommand } from '../definition.ts'

interface LayersFlags {
  readonly format: string
  readonly trunc: boolean
}

interface LayerRow {
  readonly Layer: number
  readonly DiffId: string
  readonly Size: string
  readonly Added: number
  readonly Changed: number
  readonly Removed: number
  readonly Wasted: string
  readonly CreatedBy: string
}

const headers: Readonly<Record<keyof LayerRow, string>> = {
  Layer: 'LAYER',
  DiffId: 'DIFF ID',
  Size: 'SIZE',
  Added: 'ADDED',
  Changed: 'CHANGED',
  Removed: 'REMOVED',
  Wasted: 'WASTED',
  CreatedBy: 'CREATED BY',
}

export const layers = defineCommand<LayersFlags>({
  configure: command =>
    command
      .argument('<IMAGE>', 'name or id')
      .addOption(rowFormat())
      .option('--no-trunc', 'ids and instructions in full'),
  details:
    'The lowest layer comes first. WASTED is what layers above it replace or remove: it is transferred and stored, and nobody sees it.',
  examples: [{ line: 'berth image layers app', means: 'which step made it so large' }],
  async run(context, [name = ''], { format, trunc }) {
    const client = await connect(context)
    const { Layers } = await imageLayers(client, name)
    const rows = Layers.map(
      (layer, at): LayerRow => ({
        Layer: at + 1,
        DiffId: trunc ? layer.DiffId.replace(/^sha256:/, '').slice(0, 12) : layer.DiffId,
        Size: decimalSize(layer.Size),
        Added: layer.Added,
        Changed: layer.Changed,
        Removed: layer.Removed,
        Wasted: decimalSize(layer.Wasted),
        CreatedBy: trunc ? truncate(layer.CreatedBy, 45) : layer.CreatedBy,
      }),
    )
    const keys = Object.keys(headers) as (keyof LayerRow)[]
    const columns = keys.map(key => ({ title: headers[key], value: (row: LayerRow) => String(row[key]) }))
    printRows(context, format, rows, { columns, headers: { ...headers } })
    return 0
  },
})
