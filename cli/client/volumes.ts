import type { Filters } from '../../schemas/api/filters.ts'
import type { VolumeCreateRequest, VolumeInspect, VolumeList } from '../../schemas/api/volumes.ts'
import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'

export async function listVolumes(
  client: EngineClient,
  filters: Filters,
  options: CallOptions = {},
): Promise<readonly VolumeInspect[]> {
  const query = { filters: JSON.stringify(filters) }
  const { Volumes } = await client.json<VolumeList>({ method: 'GET', path: '/volumes', query, ...withSignal(options) })
  return Volumes ?? []
}

export function inspectVolume(client: EngineClient, name: string, options: CallOptions = {}): Promise<VolumeInspect> {
  return client.json({ method: 'GET', path: `/volumes/${encodeURIComponent(name)}`, ...withSignal(options) })
}

/** Idempotent: a volume of that name that is there is the answer. */
export function createVolume(
  client: EngineClient,
  body: VolumeCreateRequest,
  options: CallOptions = {},
): Promise<VolumeInspect> {
  return client.json({ method: 'POST', path: '/volumes/create', body, ...withSignal(options) })
}

export function removeVolume(
  client: EngineClient,
  name: string,
  options: CallOptions & { readonly force?: boolean } = {},
): Promise<void> {
  const query = { force: options.force }
  return client.json({ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}`, query, ...withSignal(options) })
}
