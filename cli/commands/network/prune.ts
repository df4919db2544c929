import { pruneNetworks } from '../../client/prune.ts'
import { connect } from '../../session/connect.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { choice } from '../../session/globals.ts'
import { type PruneFlags, runPrune } from '../../session/prune.ts'
import { defineCommand } from '../definition.ts'

export const networkPrune = defineCommand<PruneFlags>({
  configure: command =>
    command
      .addOption(filterOption('--filter <name=value>'))
      .option('-f, --force', 'do not ask')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth network prune -f', means: 'remove networks that no container uses' }],
  run: (context, _args, flags) =>
    runPrune(context, 'This will remove all custom networks not used by at least one container.', flags, async () => {
      const { NetworksDeleted } = await pruneNetworks(await connect(context), readFilters(flags.filter))
      return [{ heading: 'Deleted Networks', names: NetworksDeleted ?? [], reclaimedBytes: 0 }]
    }),
})
