import type { ContainerPruneResponse } from '../../schemas/api/containers.ts'
import type { Filters } from '../../schemas/api/filters.ts'
import type { BuildPruneResponse, ImagePruneResponse } from '../../schemas/api/images.ts'
import type { NetworkPruneResponse } from '../../schemas/api/networks.ts'
import type { VolumePruneResponse } from '../../schemas/api/volumes.ts'
import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'

const prune =
  <Response>(resource: string) =>
  (client: EngineClient, filters: Filters, options: CallOptions = {}): Promise<Response> =>
    client.json({
      method: 'POST',
      path: `/${resource}/prune`,
      query: { filters: JSON.stringify(filters) },
      ...withSignal(options),
    })

export const pruneBuildCache = prune<BuildPruneResponse>('build')
export const pruneContainers = prune<ContainerPruneResponse>('containers')
export const pruneImages = prune<ImagePruneResponse>('images')
export const pruneNetworks = prune<NetworkPruneResponse>('networks')
export const pruneVolumes = prune<VolumePruneResponse>('volumes')
