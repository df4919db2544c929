import type { ContainerSummary } from '../../schemas/api/containers.ts'
import type { ImageSummary } from '../../schemas/api/images.ts'
import type { VolumeInspect } from '../../schemas/api/volumes.ts'
import { humanDuration } from '../../schemas/human-duration.ts'
import type { DfRow } from '../../schemas/output/system.ts'
import { containerRow } from './container-row.ts'
import { decimalSize } from './human.ts'
import type { Style } from './style.ts'
import { type Column, formatTable } from './table.ts'

/** GET /system/df, with the members that are shown. */
export interface DiskUsageView {
  readonly LayersSize?: number
  readonly Images: readonly ImageSummary[] | null
  readonly Containers: readonly ContainerSummary[] | null
  readonly Volumes: readonly VolumeInspect[] | null
  readonly BuildCache: readonly { readonly Size: number; readonly InUse: boolean; readonly Shared: boolean }[] | null
}

export const dfHeaders: Readonly<Record<keyof DfRow, string>> = {
  Type: 'TYPE',
  TotalCount: 'TOTAL',
  Active: 'ACTIVE',
  Size: 'SIZE',
  Reclaimable: 'RECLAIMABLE',
}

export const dfColumns: readonly Column<DfRow>[] = [
  { title: 'TYPE', value: row => row.Type },
  { title: 'TOTAL', value: row => row.TotalCount },
  { title: 'ACTIVE', value: row => row.Active },
  { title: 'SIZE', value: row => row.Size },
  { title: 'RECLAIMABLE', value: row => row.Reclaimable },
]

/** One row per kind of thing, counted as `docker system df` does: what is in use cannot be reclaimed. */
export function dfRows(usage: DiskUsageView): readonly DfRow[] {
  const [images, containers] = [usage.Images ?? [], usage.Containers ?? []]
  const [volumes, cache] = [usage.Volumes ?? [], usage.BuildCache ?? []]
  const usedImages = images.filter(image => image.Containers > 0)
  const imagesTotal = usage.LayersSize ?? sum(images.map(image => image.Size))
  const imagesUsed = sum(usedImages.map(image => image.Size - Math.max(0, image.SharedSize)))
  const active = containers.filter(({ State }) => ['running', 'paused', 'restarting'].includes(State))
  const idle = containers.filter(container => !active.includes(container))
  const usedVolumes = volumes.filter(volume => (volume.UsageData?.RefCount ?? 0) > 0)
  const freeVolumes = volumes.filter(volume => !usedVolumes.includes(volume))
  const usedCache = cache.filter(entry => entry.InUse)
  const freeCache = cache.filter(entry => !entry.InUse && !entry.Shared)
  return [
    row('Images', images.length, usedImages.length, imagesTotal, imagesTotal - imagesUsed),
    row('Containers', containers.length, active.length, sum(containers.map(written)), sum(idle.map(written))),
    row('Local Volumes', volumes.length, usedVolumes.length, sum(volumes.map(stored)), sum(freeVolumes.map(stored))),
    row('Build Cache', cache.length, usedCache.length, sum(cache.map(size)), sum(freeCache.map(size))),
  ]
}

/** Every thing by itself, one table per kind. */
export function verboseDf(usage: DiskUsageView, nowMs: number, style: Style): string {
  const images = formatTable<ImageSummary>(
    [
      { title: 'IMAGE', value: image => image.RepoTags[0] ?? '<none>' },
      { title: 'IMAGE ID', value: image => image.Id.replace(/^sha256:/, '').slice(0, 12) },
      { title: 'CREATED', value: image => `${humanDuration(nowMs - image.Created * 1000)} ago` },
      { title: 'SIZE', value: image => decimalSize(image.Size) },
      { title: 'SHARED SIZE', value: image => decimalSize(Math.max(0, image.SharedSize)) },
      { title: 'UNIQUE SIZE', value: image => decimalSize(image.Size - Math.max(0, image.SharedSize)) },
      { title: 'CONTAINERS', value: image => String(image.Containers) },
    ],
    usage.Images ?? [],
  )
  const rows = (usage.Containers ?? []).map(container => containerRow(container, { nowMs }))
  const containers = formatTable(
    [
      { title: 'CONTAINER ID', value: each => each.ID },
      { title: 'IMAGE', value: each => each.Image },
      { title: 'LOCAL VOLUMES', value: each => each.LocalVolumes },
      { title: 'SIZE', value: each => each.Size },
      { title: 'STATUS', value: each => each.Status },
      { title: 'NAMES', value: each => each.Names },
    ],
    rows,
  )
  const volumes = formatTable<VolumeInspect>(
    [
      { title: 'VOLUME NAME', value: volume => volume.Name },
      { title: 'LINKS', value: volume => String(volume.UsageData?.RefCount ?? 0) },
      { title: 'SIZE', value: volume => decimalSize(stored(volume)) },
    ],
    usage.Volumes ?? [],
  )
  const cache = dfRows(usage)[3]?.Size ?? '0B'
  return [
    `${style.bold('Images')}\n${images}`,
    `${style.bold('Containers')}\n${containers}`,
    `${style.bold('Volumes')}\n${volumes}`,
    `${style.bold('Build cache')}  ${cache}\n`,
  ].join('\n')
}

function row(type: string, total: number, active: number, bytes: number, reclaimable: number): DfRow {
  const share = bytes > 0 ? ` (${Math.floor((reclaimable * 100) / bytes)}%)` : ''
  return {
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: decimalSize(bytes, 4),
    Reclaimable: `${decimalSize(reclaimable, 4)}${share}`,
  }
}

const written = (container: ContainerSummary): number => container.SizeRw ?? 0
const stored = (volume: VolumeInspect): number => Math.max(0, volume.UsageData?.Size ?? 0)
const size = (entry: { readonly Size: number }): number => entry.Size

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
