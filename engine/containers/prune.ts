import type { ContainerPruneResponse } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import { type Filters, matchesLabels } from '../http/filters.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { remove } from './lifecycle.ts'
import { untilTime } from './list.ts'
import { measureContainer } from './sizes.ts'

export const pruneFilters = ['label', 'label!', 'until']

/** POST /containers/prune: removes what is down, volumes left alone. One that starts or goes meanwhile is passed over. */
export async function pruneContainers(
  context: ContainerContext,
  filters: Filters,
  signal: AbortSignal,
): Promise<ContainerPruneResponse> {
  const deleted: string[] = []
  let reclaimed = 0
  for (const container of prunable(context, filters)) {
    if (signal.aborted) break
    const { id } = container.record
    try {
      const { SizeRw } = await measureContainer(context, container, signal)
      await remove(context, id, { force: false, removeVolumes: false })
      deleted.push(id)
      reclaimed += SizeRw
    } catch (error) {
      if (!(error instanceof BerthError) || (error.code !== 'CONFLICT' && error.code !== 'NOT_FOUND')) throw error
    }
  }
  context.events.publish('container', 'prune', '', { reclaimed: String(reclaimed) })
  return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed }
}

function prunable(context: ContainerContext, filters: Filters): readonly Container[] {
  const [until] = filters.get('until') ?? []
  const limit = until === undefined ? undefined : untilTime(until, context.clock.now())
  return context.registry
    .list()
    .filter(({ state }) => state.status === 'created' || state.status === 'exited' || state.status === 'dead')
    .filter(({ record }) => matchesLabels(record.config.Labels ?? {}, filters))
    .filter(({ record }) => limit === undefined || Date.parse(record.createdAt) < limit)
}
