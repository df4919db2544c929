import type { ImageDeleteItem } from '../../../schemas/api/images.ts'
import { pruneContainers, pruneImages, pruneNetworks, pruneVolumes } from '../../client/prune.ts'
import { connect } from '../../session/connect.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { choice } from '../../session/globals.ts'
import { type Pruned, type PruneFlags, runPrune } from '../../session/prune.ts'
import { defineCommand } from '../definition.ts'

interface SystemPruneFlags extends PruneFlags {
  readonly all?: true
  readonly volumes?: true
}

export const systemPrune = defineCommand<SystemPruneFlags>({
  configure: command =>
    command
      .option('-a, --all', 'every image that no container uses, not only those without a name')
      .addOption(filterOption('--filter <name=value>'))
      .option('-f, --force', 'do not ask')
      .option('--volumes', 'anonymous volumes too: their data is lost')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth system prune', means: 'remove what nothing uses; volumes stay' }],
  run(context, _args, flags) {
    const what = [
      'all stopped containers',
      'all networks not used by at least one container',
      ...(flags.volumes ? ['all anonymous volumes not used by at least one container'] : []),
      flags.all ? 'all images without at least one container associated to them' : 'all dangling images',
    ]
    const warning = `This will remove:\n${what.map(each => `  - ${each}\n`).join('')}`
    return runPrune(context, warning, flags, () => pruneAll(context, flags))
  },
})

/** In docker's order: what a container used is free after it. `until` does not exist for volumes. */
async function pruneAll(
  context: Parameters<typeof connect>[0],
  { all, volumes, filter }: SystemPruneFlags,
): Promise<readonly Pruned[]> {
  const client = await connect(context)
  const filters = readFilters(filter)
  const containers = await pruneContainers(client, filters)
  const networks = await pruneNetworks(client, filters)
  const { until: _, ...forVolumes } = filters
  const removed = volumes ? await pruneVolumes(client, forVolumes) : undefined
  const images = await pruneImages(client, { ...filters, dangling: [all ? 'false' : 'true'] })
  return [
    {
      heading: 'Deleted Containers',
      names: containers.ContainersDeleted ?? [],
      reclaimedBytes: containers.SpaceReclaimed,
    },
    { heading: 'Deleted Networks', names: networks.NetworksDeleted ?? [], reclaimedBytes: 0 },
    { heading: 'Deleted Volumes', names: removed?.VolumesDeleted ?? [], reclaimedBytes: removed?.SpaceReclaimed ?? 0 },
    {
      heading: 'Deleted Images',
      names: (images.ImagesDeleted ?? []).map(imageLine),
      reclaimedBytes: images.SpaceReclaimed,
    },
  ]
}

function imageLine({ Untagged, Deleted }: ImageDeleteItem): string {
  return Untagged === undefined ? `deleted: ${Deleted}` : `untagged: ${Untagged}`
}
