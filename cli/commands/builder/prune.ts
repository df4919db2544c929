import { pruneBuildCache } from '../../client/prune.ts'
import { connect } from '../../session/connect.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { choice } from '../../session/globals.ts'
import { type PruneFlags, runPrune } from '../../session/prune.ts'
import { defineCommand } from '../definition.ts'

export const builderPrune = defineCommand<PruneFlags & { readonly all?: true }>({
  configure: command =>
    command
      .option('-a, --all', 'no effect: all of it goes')
      .addOption(filterOption('--filter <name=value>'))
      .option('-f, --force', 'do not ask')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details: 'Images stay; the next build makes every step again. Folders of "RUN --mount=type=cache" go too.',
  examples: [{ line: 'berth builder prune -f', means: 'give back what builds have kept' }],
  run(context, _args, flags) {
    return runPrune(context, 'This will remove all build cache.', flags, async () => {
      const { CachesDeleted, SpaceReclaimed } = await pruneBuildCache(await connect(context), readFilters(flags.filter))
      return [{ heading: 'Deleted build cache objects', names: CachesDeleted ?? [], reclaimedBytes: SpaceReclaimed }]
    })
  },
})
