import { pruneImages } from '../../client/prune.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { readFilters } from '../../session/filters.ts'
import { collect } from '../../session/globals.ts'
import { decimalSize } from '../../ui/human.ts'
import { defineCommand } from '../definition.ts'

interface PruneFlags {
  readonly all?: true
  readonly filter: readonly string[]
}

export const prune = defineCommand<PruneFlags>({
  configure: command =>
    command
      .option('-a, --all', 'all images that no container has, not only those without a name')
      .option('--filter <name=value>', 'only these: until=24h, label=..., label!=...; may be repeated', collect, [])
      .option('-f, --force', 'no effect: nothing is asked'),
  examples: [{ line: 'berth image prune -a --filter until=720h', means: 'unused for a month' }],
  async run(context, _arguments, { all, filter }) {
    const client = await connect(context)
    const filters = { ...readFilters(filter), dangling: [all ? 'false' : 'true'] }
    const { ImagesDeleted, SpaceReclaimed } = await pruneImages(client, filters)
    const lines = (ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
      Untagged === undefined ? `deleted: ${Deleted}\n` : `untagged: ${Untagged}\n`,
    )
    if (lines.length > 0) print(context, `Deleted Images:\n${lines.join('')}\n`)
    print(context, `Total reclaimed space: ${decimalSize(SpaceReclaimed)}\n`)
    return 0
  },
})
