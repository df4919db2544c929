import type { ProgressMessage } from '../../../schemas/api/images.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { digestOf, verifyDocument } from '../blobs.ts'
import type { StoredImage } from '../catalog.ts'
import { parseByMembers, parseImageDocument } from '../documents.ts'
import type { Descriptor, ImageDocument, Manifest, Platform } from '../oci.ts'
import { formatPlatform, hostPlatform, selectPlatform } from '../platform.ts'
import { familiarName, fullName, type Reference, withDefaultTag } from '../reference.ts'
import type { ImageStore } from '../store.ts'
import { type FetchedDocument, RegistryClient } from './client.ts'
import type { Credentials } from './credentials.ts'
import { type Endpoint, endpointsOf } from './endpoint.ts'
import { tryEndpoints } from './fall-through.ts'
import type { RegistrySettings } from './settings.ts'
import type { TransferOptions } from './transfers.ts'

export interface PullOptions {
  readonly settings: RegistrySettings
  readonly platform?: Platform
  readonly credentials?: Credentials
  readonly now: () => Date
  readonly onProgress: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

/** Indexes inside indexes. */
const maxDepth = 3

/**
 * Pulls an image: layers in parallel, each hashed while it arrives and unpacked when it is whole; then configuration and manifest; then the name.
 * A digest that was asked for is proven first, everything else follows from it. Mirrors are asked first; what one of them has brought stays.
 */
export function pullImage(store: ImageStore, wanted: Reference, options: PullOptions): Promise<StoredImage> {
  const reference = withDefaultTag(wanted)
  return store.lease(async () => {
    const endpoints = await endpointsOf(reference.domain, 'pull', options.settings)
    return tryEndpoints(endpoints, options.signal, endpoint =>
      pullFrom(store, reference, clientOf(reference, endpoint, options), options),
    )
  })
}

/** Every tag of a repository (`docker pull --all-tags`). */
export async function pullAllTags(store: ImageStore, repository: Reference, options: PullOptions): Promise<void> {
  const endpoints = await endpointsOf(repository.domain, 'pull', options.settings)
  const tags = await tryEndpoints(endpoints, options.signal, endpoint =>
    clientOf(repository, endpoint, options).tags(options.signal),
  )
  for (const tag of tags) await pullImage(store, { ...repository, tag }, options)
}

/** Passwords are for the registry that they were given for, not for its mirrors. */
function clientOf(reference: Reference, endpoint: Endpoint, { credentials, settings }: PullOptions): RegistryClient {
  return new RegistryClient({
    reference,
    endpoint,
    credentials: endpoint.isMirror ? undefined : credentials,
    settings,
  })
}

async function pullFrom(
  store: ImageStore,
  reference: Reference,
  client: RegistryClient,
  options: PullOptions,
): Promise<StoredImage> {
  const version = reference.digest ?? reference.tag ?? 'latest'
  const top = await client.manifest(version, options.signal)
  // Nothing is said before: until then an error still gets a status of its own.
  options.onProgress({ status: `Pulling from ${reference.path}`, id: version })
  const topDigest = digestOf(top.content)
  if (reference.digest !== undefined && reference.digest !== topDigest) {
    throw new BerthError('INVALID_ARGUMENT', `manifest digest is ${topDigest}, expected ${reference.digest}`)
  }
  const found = await selectManifest(client, top, reference, options)
  const config = await client.document(found.manifest.config.digest, options.signal)
  verifyDocument(config, found.manifest.config)
  const document = parseImageDocument(config)
  await pullLayers(store, client, found.manifest, document, options)
  await store.blobs.put(config)
  const manifest = await store.blobs.put(found.content)
  const image: StoredImage = {
    id: found.manifest.config.digest,
    manifestDigest: manifest.digest,
    manifestSize: manifest.size,
    manifest: found.manifest,
    document,
  }
  const isKnown = store.catalog.findByName(fullName(reference))?.id === image.id
  const { tag: _tag, ...untagged } = reference
  await store.catalog.put(image, [fullName(reference), fullName({ ...untagged, digest: topDigest })], options.now())
  options.onProgress({ status: `Digest: ${topDigest}` })
  const shown = familiarName(reference)
  const outcome = isKnown ? `Image is up to date for ${shown}` : `Downloaded newer image for ${shown}`
  options.onProgress({ status: `Status: ${outcome}` })
  warnOfPlatform(shown, document, options)
  return image
}

/** An image without an index is taken whatever it is made for; dockerd's words. */
function warnOfPlatform(shown: string, document: ImageDocument, { platform, onProgress }: PullOptions): void {
  if (platform === undefined) return
  const isWanted =
    platform.os === document.os &&
    platform.architecture === document.architecture &&
    (platform.variant === undefined || platform.variant === document.variant)
  if (isWanted) return
  const actual = formatPlatform(document)
  onProgress({
    status: `WARNING: image with reference ${shown} was found but does not match the specified platform: wanted ${formatPlatform(platform)}, actual: ${actual}`,
  })
}

interface FoundManifest {
  readonly content: Buffer
  readonly manifest: Manifest
}

/** Follows indexes to the manifest for the platform. */
async function selectManifest(
  client: RegistryClient,
  top: FetchedDocument,
  reference: Reference,
  options: PullOptions,
): Promise<FoundManifest> {
  const platform = options.platform ?? hostPlatform
  let fetched = top
  for (let depth = 0; depth <= maxDepth; depth++) {
    const document = parseByMembers(fetched.content, fetched.mediaType, familiarName(reference))
    if (document.kind === 'manifest') return { content: fetched.content, manifest: document.manifest }
    const selected = selectPlatform(document.index.manifests, platform)
    if (selected === undefined) {
      throw new BerthError(
        'NOT_FOUND',
        `no matching manifest for ${formatPlatform(platform)} in the manifest list entries of ${familiarName(reference)}`,
      )
    }
    fetched = await client.manifest(selected.digest, options.signal)
    verifyDocument(fetched.content, selected)
  }
  throw new BerthError('INVALID_ARGUMENT', `the indexes of ${familiarName(reference)} are nested too deeply`)
}

async function pullLayers(
  store: ImageStore,
  client: RegistryClient,
  manifest: Manifest,
  document: ImageDocument,
  options: PullOptions,
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
  { onProgress, signal }: PullOptions,
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
    await store.blobs.ingest(withProgress(client.blob(layer.digest, signal), layer, onProgress), layer)
    onProgress({ status: 'Verifying Checksum', progressDetail: {}, id })
  }
  onProgress({ status: 'Download complete', progressDetail: {}, id })
  const total = layer.size
  onProgress({ status: 'Extracting', progressDetail: { current: total, total }, id })
  await store.layers.ensure(layer.digest, path, signal)
}

/** Tells the progress of a layer at every hundredth of its size, but not for every small piece. */
async function* withProgress(
  content: AsyncIterable<Buffer>,
  layer: Descriptor,
  onProgress: PullOptions['onProgress'],
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
