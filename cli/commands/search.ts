import { searchImages } from '../client/images.ts'
import { registryAuth } from '../registry/registry-auth.ts'
import { connect } from '../session/connect.ts'
import { readFilters } from '../session/filters.ts'
import { collect, integer } from '../session/globals.ts'
import { printRows, rowFormat } from '../session/print-rows.ts'
import { type SearchRow, searchHeaders, searchRow } from '../ui/image-row.ts'
import { defineCommand } from './definition.ts'

interface SearchFlags {
  readonly filter: readonly string[]
  readonly format: string
  readonly limit?: number
  readonly trunc: boolean
}

export const search = defineCommand<SearchFlags>({
  configure: command =>
    command
      .argument('<TERM>', 'what to look for; "host:port/term" searches that registry')
      .option('--filter <name=value>', 'is-official=true|false, stars=NUMBER; may be repeated', collect, [])
      .addOption(rowFormat())
      .option('--limit <number>', 'at most so many results (1 to 100)', integer(1))
      .option('--no-trunc', 'descriptions in full'),
  examples: [{ line: 'berth search --filter is-official=true --limit 5 redis', means: 'on Docker Hub' }],
  async run(context, [term = ''], { filter, format, limit, trunc }) {
    const filters = readFilters(filter)
    const auth = await registryAuth(context.env, term)
    const client = await connect(context)
    const query = { term, filters, ...(limit === undefined ? {} : { limit }) }
    const results = await searchImages(client, query, auth === undefined ? {} : { auth })
    const shown: (keyof SearchRow)[] = ['Name', 'Description', 'StarCount', 'IsOfficial']
    const columns = shown.map(key => ({ title: searchHeaders[key], value: (row: SearchRow) => row[key] }))
    printRows(
      context,
      format,
      results.map(result => searchRow(result, !trunc)),
      { columns, headers: { ...searchHeaders } },
    )
    return 0
  },
})
