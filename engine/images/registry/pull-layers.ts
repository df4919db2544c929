import type { ProgressMessage } from '../../../schemas/api/images.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { isForeign } from '../image-types.ts'
import type { Descriptor, ImageDocument, Manifest } from '../oci.ts'
import type { ImageStore } from '../store.ts'
import type { RegistryClient } from './client.ts'
import type { RegistrySettings } from './settings.ts'
import type { TransferOptions } from './transfers.ts'

export interface PullLayersOptions {
  readonly settings: Pick<RegistrySettings, 'maxDownloads'>
  readonly onProgress: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

/** Fetches and unpacks an image's layers, several at a time; the first failure ends all. */
export async function pullLayers(
  store: ImageStore,
  client: RegistryClient,
  manifest: Manifest,
  document: ImageDocument,
  options: PullLayersOptions,
): Promise<void> {
  const diffIds = document.rootfs.diff_ids ?? []
  if (diffIds.length !== manifest.layers.length) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `the image has ${manifest.layers.length} layers, but its configuration names ${diffIds.length}`,
    )
  }
  for (const layer of manifest.layers)
    options.onProgress({ status: 'Pulling fs layer', progressDetail: {}, id: shortOf(layer) })
  const failure = new AbortController()
  const signal = AbortSignal.any([options.signal, failure.signal])
  const waiting = manifest.layers.map((layer, i) => ({ layer, diffId: diffIds[i] ?? '' }))
  const fetchNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await pullLayer(store, client, next.layer, next.diffId, { ...options, signal })
    }
  }
  const workers = Array.from({ length: options.settings.maxDownloads }, () =>
    fetchNext().catch((error: unknown) => {
      // The first failure is the one that counts; the others only hear that they are not needed any more.
      failure.abort(error)
      throw error
    }),
  )
  const results = await Promise.allSettled(workers)
  if (failure.signal.aborted) throw failure.signal.reason
  const failed = results.find(result => result.status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** Several pulls that want a layer share the work. */
async function pullLayer(
  store: ImageStore,
  client: RegistryClient,
  layer: Descriptor,
  diffId: string,
  { onProgress, signal }: PullLayersOptions,
): Promise<void> {
  const id = shortOf(layer)
  if ((await store.blobs.has(layer.digest)) && store.layers.has(diffId)) {
    onProgress({ status: 'Already exists', progressDetail: {}, id })
    return
  }
  await store.transfers.share(layer.digest, options => fetchLayer(store, client, layer, options), {
    onProgress,
    signal,
  })
  const found = (await store.layers.ensure(layer.digest, store.blobs.path(layer.digest), signal)).diffId
  if (found !== diffId) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `layer ${layer.digest} does not match the image configuration: expected diff id ${diffId}, found ${found}`,
    )
  }
  onProgress({ status: 'Pull complete', progressDetail: {}, id })
}

async function fetchLayer(
  store: ImageStore,
  client: RegistryClient,
  layer: Descriptor,
  { onProgress, signal }: TransferOptions,
): Promise<void> {
  const id = shortOf(layer)
  const path = store.blobs.path(layer.digest)
  if (await store.blobs.has(layer.digest)) {
    // What was stored before is believed as far as its digest holds; a damaged blob is removed by the attempt.
    const isWhole = await store.layers.ensure(layer.digest, path, signal).then(
      () => true,
      (error: unknown) => {
        if (error instanceof BerthError && error.code === 'INVALID_ARGUMENT') return false
        throw error
      },
    )
    if (isWhole) return
  }
  if (!(await store.blobs.has(layer.digest))) {
    await store.blobs.ingest(
      withProgress(client.blob(layer.digest, signal, foreignSources(layer)), layer, onProgress),
      layer,
    )
    onProgress({ status: 'Verifying Checksum', progressDetail: {}, id })
  }
  onProgress({ status: 'Download complete', progressDetail: {}, id })
  const total = layer.size
  onProgress({ status: 'Extracting', progressDetail: { current: total, total }, id })
  await store.layers.ensure(layer.digest, path, signal)
}

function foreignSources({ mediaType, urls }: Descriptor): readonly string[] {
  return isForeign(mediaType) ? (urls ?? []) : []
}

/** Tells the progress of a layer at every hundredth of its size, but not for every small piece. */
async function* withProgress(
  content: AsyncIterable<Buffer>,
  layer: Descriptor,
  onProgress: PullLayersOptions['onProgress'],
): AsyncGenerator<Buffer, void, undefined> {
  const step = Math.max(512 * 1024, layer.size / 100)
  let current = 0
  let told = 0
  for await (const piece of content) {
    current += piece.length
    if (current - told >= step) {
      told = current
      onProgress({ status: 'Downloading', progressDetail: { current, total: layer.size }, id: shortOf(layer) })
    }
    yield piece
  }
}

function shortOf({ digest }: Descriptor): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12)
}
