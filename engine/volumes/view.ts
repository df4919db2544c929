import type { VolumeInspect, VolumePruneResponse } from '../../schemas/api/volumes.ts'
import { BerthError } from '../../schemas/errors.ts'
import { type Filters, matchesAny, matchesLabels } from '../http/filters.ts'
import { anonymousLabel } from './names.ts'
import type { VolumeRecord, VolumeService } from './service.ts'
import { directoryBytes } from './usage.ts'

export const volumeFilters = ['name', 'label', 'driver', 'dangling'] as const
export const pruneFilters = ['label', 'label!', 'all'] as const

/** GET /volumes/{name} */
export function inspectVolume(service: VolumeService, volume: VolumeRecord): VolumeInspect {
  return {
    Name: volume.name,
    Driver: volume.driver,
    Mountpoint: service.mountpoint(volume),
    CreatedAt: volume.createdAt,
    Labels: Object.keys(volume.labels).length === 0 ? null : volume.labels,
    Scope: 'local',
    Options: Object.keys(volume.options).length === 0 ? null : volume.options,
  }
}

/** A volume as GET /system/df shows it: with its bytes on the disk and how many containers have it. */
export async function volumeUsage(service: VolumeService, volume: VolumeRecord): Promise<VolumeInspect> {
  const Size = await directoryBytes(service.mountpoint(volume))
  return { ...inspectVolume(service, volume), UsageData: { Size, RefCount: service.usersOf(volume.name).length } }
}

/** Volumes that every filter lets through, by name. */
export function selectVolumes(service: VolumeService, filters: Filters): VolumeRecord[] {
  const dangling = flag(filters, 'dangling')
  return service
    .list()
    .filter(
      volume =>
        matchesAny(filters, 'name', text => volume.name.includes(text)) &&
        matchesAny(filters, 'driver', text => volume.driver === text) &&
        matchesLabels(volume.labels, filters) &&
        (dangling === undefined || dangling === (service.usersOf(volume.name).length === 0)),
    )
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

/** POST /volumes/prune: volumes that no container has; only anonymous ones unless `all`. */
export async function pruneVolumes(service: VolumeService, filters: Filters): Promise<VolumePruneResponse> {
  const isAll = flag(filters, 'all') ?? false
  const deleted: string[] = []
  let reclaimed = 0
  for (const volume of service.list()) {
    const isWanted = isAll || Object.hasOwn(volume.labels, anonymousLabel)
    if (!isWanted || service.usersOf(volume.name).length > 0 || !matchesLabels(volume.labels, filters)) continue
    const bytes = await directoryBytes(service.mountpoint(volume))
    await service.remove(volume.name)
    deleted.push(volume.name)
    reclaimed += bytes
  }
  return { VolumesDeleted: deleted, SpaceReclaimed: reclaimed }
}

function flag(filters: Filters, name: string): boolean | undefined {
  const value = filters.get(name)?.[0]
  if (value === undefined) return undefined
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw new BerthError('INVALID_ARGUMENT', `invalid filter '${name}=[${value}]'`)
}
