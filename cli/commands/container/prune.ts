import { pruneContainers } from '../../client/prune.ts'
import { connect } from '../../session/connect.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { choice } from '../../session/globals.ts'
import { type PruneFlags, runPrune } from '../../session/prune.ts'
import { defineCommand } from '../definition.ts'

export const containerPrune = defineCommand<PruneFlags>({
  configure: command =>
    command
      .addOption(filterOption('--filter <name=value>'))
      .option('-f, --force', 'do not ask')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details: 'Removes every container that does not run, those of stacks too.',
  examples: [{ line: 'berth container prune -f --filter until=24h', means: 'those that are older than a day' }],
  run: (context, _args, flags) =>
    runPrune(context, 'This will remove all stopped containers.', flags, async () => {
      const client = await connect(context)
      const { ContainersDeleted, SpaceReclaimed } = await pruneContainers(client, readFilters(flags.filter))
      return [{ heading: 'Deleted Containers', names: ContainersDeleted ?? [], reclaimedBytes: SpaceReclaimed }]
    }),
})
