import { mountPointPaths } from '../../containers/changes.ts'
import { wholeTar } from '../../containers/whole-tar.ts'
import type { ImageStore } from '../../images/store.ts'
import { describeLayer } from '../../images/store-image.ts'
import type { BuiltLayer } from '../stage-state.ts'
import type { EntryWithContent } from '../tar/entry.ts'
import { readEntries } from '../tar/read-entries.ts'
import { writeEntries } from '../tar/write-entries.ts'
import type { Workspace } from '../workspace.ts'

export interface ExportOptions {
  /** Paths that a runtime made to mount something at; left out where they are empty. */
  readonly without?: readonly string[]
  /** SOURCE_DATE_EPOCH: no time is later than this many seconds since 1970. */
  readonly latest?: number | undefined
  readonly signal: AbortSignal
}

/** A writable layer becomes a layer of the store. */
export async function exportLayer(
  workspace: Workspace,
  store: ImageStore,
  upper: string,
  options: ExportOptions,
): Promise<BuiltLayer> {
  const packed = wholeTar(
    await workspace.workers.pack(upper, 'overlay', {
      signal: options.signal,
      without: [...mountPointPaths, ...(options.without ?? [])],
    }),
  )
  const { latest } = options
  return storeLayer(
    store,
    latest === undefined ? packed : writeEntries(clamp(readEntries(packed), latest)),
    options.signal,
  )
}

export async function storeLayer(
  store: ImageStore,
  tar: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<BuiltLayer> {
  const blob = await store.blobs.ingest(tar)
  const path = store.blobs.path(blob.digest)
  const { diffId } = await store.layers.ensure(blob.digest, path, signal)
  return { diffId, descriptor: await describeLayer(path, blob) }
}

async function* clamp(
  entries: AsyncIterable<EntryWithContent>,
  latest: number,
): AsyncGenerator<EntryWithContent, void, undefined> {
  for await (const { entry, content } of entries) {
    yield { entry: Number(entry.modified) > latest ? { ...entry, modified: String(latest) } : entry, content }
  }
}
