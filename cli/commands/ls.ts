import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { LsRow } from '../../schemas/output/ls.ts'
import { listContainers } from '../client/containers.ts'
import { label } from '../model/labels.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { choice, collect } from '../session/globals.ts'
import { formatTable, wideMinimum } from '../ui/table.ts'
import { defineCommand } from './definition.ts'

interface LsFlags {
  readonly all?: true
  readonly filter: readonly string[]
  readonly format: 'table' | 'json'
  readonly quiet?: true
}

export const ls = defineCommand<LsFlags>({
  configure: command =>
    command
      .option('-a, --all', 'stacks with no running container too')
      .option('--filter <name=...>', 'only stacks with this name; may be repeated', collect, [])
      .addOption(choice('--format <how>', 'how to print', ['table', 'json'], 'table'))
      .option('-q, --quiet', 'print names only'),
  examples: [{ line: 'berth ls -a', means: 'every stack, stopped ones too' }],
  async run(context, _args, flags) {
    const client = await connect(context)
    const containers = await listContainers(client, { all: flags.all ?? false, filters: { label: [label.project] } })
    const names = flags.filter.map(nameOfFilter)
    const rows = lsRows(containers).filter(({ Name }) => names.length === 0 || names.some(name => Name.includes(name)))
    if (flags.quiet) print(context, rows.map(row => `${row.Name}\n`).join(''))
    else if (flags.format === 'json') printJson(context, rows)
    else
      print(
        context,
        formatTable(
          [
            { title: 'NAME', value: row => row.Name },
            { title: 'STATUS', value: row => row.Status },
            { title: 'CONFIG FILES', value: row => row.ConfigFiles },
          ],
          rows,
          wideMinimum,
        ),
      )
    return 0
  },
})

/** Compose takes a part of a name here too. */
function nameOfFilter(filter: string): string {
  const name = filter.match(/^name=(.+)$/)?.[1]
  if (name !== undefined) return name
  throw new BerthError('USAGE', `unknown filter "${filter}"`, { hint: 'expected name=..., e.g. --filter name=shop' })
}

/** One row per stack, as `docker compose ls` prints it: `running(3), exited(1)`. */
export function lsRows(containers: readonly ContainerSummary[]): readonly LsRow[] {
  const names = [...new Set(containers.map(container => container.Labels[label.project] ?? ''))].sort()
  return names.map(name => {
    const own = containers.filter(container => container.Labels[label.project] === name)
    const states = [...new Set(own.map(container => container.State))].sort()
    const status = states
      .map(state => `${state}(${own.filter(container => container.State === state).length})`)
      .join(', ')
    const files = [...new Set(own.flatMap(container => container.Labels[label.configFiles]?.split(',') ?? []))]
    return { Name: name, Status: status, ConfigFiles: files.join(',') }
  })
}
