import { pruneVolumes } from '../../client/prune.ts'
import { connect } from '../../session/connect.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { choice } from '../../session/globals.ts'
import { type PruneFlags, runPrune } from '../../session/prune.ts'
import { defineCommand } from '../definition.ts'

export const volumePrune = defineCommand<PruneFlags & { readonly all?: true }>({
  configure: command =>
    command
      .option('-a, --all', 'named ones too, not only anonymous ones')
      .addOption(filterOption('--filter <name=value>'))
      .option('-f, --force', 'do not ask')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details: 'Their data is lost.',
  examples: [{ line: 'berth volume prune', means: 'remove anonymous volumes that no container uses' }],
  run(context, _args, flags) {
    const which = flags.all ? 'all volumes' : 'anonymous local volumes'
    const filters = readFilters(flags.filter)
    return runPrune(context, `This will remove ${which} not used by at least one container.`, flags, async () => {
      const wanted = flags.all ? { ...filters, all: ['true'] } : filters
      const { VolumesDeleted, SpaceReclaimed } = await pruneVolumes(await connect(context), wanted)
      return [{ heading: 'Deleted Volumes', names: VolumesDeleted ?? [], reclaimedBytes: SpaceReclaimed }]
    })
  },
})
