import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import type { FilesystemChange } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { rootfsOf } from './writable-layer.ts'

/** What a container's writable layer holds. */
export interface LayerChanges {
  /** By path. */
  readonly changes: readonly FilesystemChange[]
  /** Of its files. */
  readonly bytes: number
}

/** What a start makes in the writable layer, to mount kernel file systems and the three files there: nobody's change (dockerd's init layer). */
const mountPoints = ['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'].concat([
  '/dev/console',
  '/dev/mqueue',
  '/dev/pts',
  '/dev/shm',
])

/** Relative paths of `mountPoints`, and of the folders that only they need, as the layer worker takes them. */
export const mountPointPaths: readonly string[] = mountPoints.map(path => path.slice(1))

/** GET /containers/{id}/changes, and the size of what was written. */
export async function readChanges(
  context: ContainerContext,
  { record }: Container,
  signal?: AbortSignal,
): Promise<LayerChanges> {
  const image = await context.images.reopen(record.image)
  const { lower, upper } = rootfsOf(context, image, pathsOf(context, record.id))
  // One that never ran and was never written to has no layer yet.
  if (!existsSync(upper)) return { changes: [], bytes: 0 }
  const records: string[] = []
  let rest = ''
  const stream = await context.workers.changes(upper, lower, signal)
  stream.setEncoding('utf8')
  for await (const piece of stream as AsyncIterable<string>) {
    const parts = (rest + piece).split('\0')
    rest = parts.pop() ?? ''
    records.push(...parts)
  }
  const end = records.pop()
  if (end === undefined || !end.startsWith('E')) {
    throw new BerthError('INTERNAL', `the writable layer of ${record.name} could not be read to its end`)
  }
  return { changes: toChanges(records), bytes: Number(end.slice(1)) }
}

const kinds: Readonly<Record<string, FilesystemChange['Kind']>> = { C: 0, A: 1, D: 2 }

/**
 * Records of the layer worker -> changes by path. Folders above a change count as changed, as dockerd has it, whatever their own state; those
 * that differ only because a mount point was made in them do not.
 */
export function toChanges(records: readonly string[]): readonly FilesystemChange[] {
  const found = new Map<string, FilesystemChange['Kind']>()
  const folders = new Set<string>()
  for (const record of records) {
    const path = `/${record.slice(1)}`
    const kind = kinds[record[0] ?? '']
    if (kind === undefined || (kind !== 2 && mountPoints.includes(path))) continue
    found.set(path, kind)
  }
  for (const path of found.keys()) {
    for (let folder = posix.dirname(path); folder !== '/'; folder = posix.dirname(folder)) folders.add(folder)
  }
  for (const point of mountPoints) {
    const folder = posix.dirname(point)
    if (found.get(folder) !== 2 && !folders.has(folder)) found.delete(folder)
  }
  for (const folder of folders) if (!found.has(folder)) found.set(folder, 0)
  return [...found].map(([Path, Kind]) => ({ Path, Kind })).sort((a, b) => (a.Path < b.Path ? -1 : 1))
}
