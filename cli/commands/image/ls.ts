import { listImages } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { readFilters } from '../../session/filters.ts'
import { collect } from '../../session/globals.ts'
import { printRows, rowFormat } from '../../session/print-rows.ts'
import { type ImageRow, imageHeaders, imageRows } from '../../ui/image-row.ts'
import { defineCommand } from '../definition.ts'

interface LsFlags {
  readonly all?: true
  readonly digests?: true
  readonly filter: readonly string[]
  readonly format: string
  readonly trunc: boolean
  readonly quiet?: true
}

export const ls = defineCommand<LsFlags>({
  configure: command =>
    command
      .argument('[NAME[:TAG]]', 'only images of this name; * stands for any part')
      .option('-a, --all', 'no effect: there are no intermediate images')
      .option('--digests', 'show digests too')
      .option(
        '--filter <name=value>',
        'reference=, label=, dangling=, before=, since=, until=; may be repeated',
        collect,
        [],
      )
      .addOption(rowFormat())
      .option('--no-trunc', 'ids in full')
      .option('-q, --quiet', 'print ids only'),
  examples: [{ line: 'berth image ls --filter dangling=true -q', means: 'ids of images without a name' }],
  async run(context, [name], { all, digests, filter, format, trunc, quiet }) {
    const client = await connect(context)
    const given = readFilters(filter)
    const filters = name === undefined ? given : { ...given, reference: [...(given['reference'] ?? []), name] }
    const images = await listImages(client, { ...(all ? { all } : {}), filters })
    const nowMs = Date.now()
    const rows = images.flatMap(image => imageRows(image, nowMs, !trunc))
    if (quiet) {
      print(context, [...new Set(rows.map(row => row.ID))].map(id => `${id}\n`).join(''))
      return 0
    }
    const shown: (keyof ImageRow)[] = [
      'Repository',
      'Tag',
      ...(digests ? (['Digest'] as const) : []),
      'ID',
      'CreatedSince',
      'Size',
    ]
    const columns = shown.map(key => ({ title: imageHeaders[key], value: (row: ImageRow) => row[key] }))
    printRows(context, format, rows, { columns, headers: { ...imageHeaders } })
    return 0
  },
})
