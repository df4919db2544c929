import { createReadStream } from 'node:fs'
import PQueue from 'p-queue'
import type { ProgressMessage } from '../../../schemas/api/images.ts'
import { BerthError } from '../../../schemas/errors.ts'
import type { StoredImage } from '../catalog.ts'
import { isForeign } from '../image-types.ts'
import { repositoryOf } from '../lookup.ts'
import { type Descriptor, mediaTypes } from '../oci.ts'
import { familiarName, familiarRepository, fullName, parseReference, type Reference } from '../reference.ts'
import type { ImageStore } from '../store.ts'
import type { Credentials } from './credentials.ts'
import { endpointsOf } from './endpoint.ts'
import { tryEndpoints } from './fall-through.ts'
import type { RegistrySettings } from './settings.ts'
import { type BlobContent, RegistryUploader } from './uploader.ts'

export interface PushOptions {
  readonly settings: RegistrySettings
  readonly credentials?: Credentials
  readonly now: () => Date
  readonly onProgress: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

/**
 * Pushes a tag: layers side by side (those that the registry has are not sent, those of a sister repository are mounted), then the configuration, then
 * the manifest as it is in the store, so that the digest is the same everywhere. Progress as dockerd 28 prints it.
 */
export function pushImage(
  store: ImageStore,
  reference: Reference & { readonly tag: string },
  options: PushOptions,
): Promise<StoredImage> {
  const image = store.catalog.findByName(fullName(reference))
  const repository = `${reference.domain}/${reference.path}`
  options.onProgress({ status: `The push refers to repository [${repository}]` })
  if (image === undefined) {
    const names = store.catalog.list().flatMap(({ id }) => store.catalog.names(id))
    throw new BerthError(
      'NOT_FOUND',
      names.some(name => repositoryOf(name) === repository)
        ? `tag does not exist: ${familiarName(reference)}`
        : `An image does not exist locally with the tag: ${familiarRepository(reference)}`,
    )
  }
  return store.lease(async () => {
    const sisters = sistersOf(store, reference, image)
    const endpoints = await endpointsOf(reference.domain, 'push', options.settings)
    await tryEndpoints(endpoints, options.signal, endpoint => {
      const { credentials, settings } = options
      const uploader = new RegistryUploader({ reference, endpoint, credentials, settings }, [
        ...new Set(sisters.values()),
      ])
      return pushTo(store, uploader, image, reference, sisters, options)
    })
    const { tag: _tag, ...untagged } = reference
    await store.catalog.put(image, [fullName({ ...untagged, digest: image.manifestDigest })], options.now())
    return image
  })
}

async function pushTo(
  store: ImageStore,
  uploader: RegistryUploader,
  image: StoredImage,
  reference: Reference & { readonly tag: string },
  sisters: ReadonlyMap<string, string>,
  options: PushOptions,
): Promise<void> {
  const { onProgress, settings } = options
  const layers = describeLayers(image)
  // Nothing is told before the endpoint is known to answer: the next one would tell it all again.
  const [first] = layers
  if (first !== undefined) await uploader.has(first.descriptor.digest, options.signal)
  for (const { id } of layers) onProgress({ status: 'Preparing', progressDetail: {}, id })
  const failure = new AbortController()
  const signal = AbortSignal.any([options.signal, failure.signal])
  const queue = new PQueue({ concurrency: settings.maxUploads })
  const outcomes = await Promise.allSettled(
    layers.map(layer =>
      queue.add(() =>
        pushLayer(store, uploader, layer, sisters.get(layer.descriptor.digest), onProgress, signal).catch(error => {
          failure.abort(error)
          throw error
        }),
      ),
    ),
  )
  // The first failure is the one that counts; the others only heard that they are not needed any more.
  if (failure.signal.aborted) throw failure.signal.reason
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  const { config } = image.manifest
  if (!(await uploader.has(config.digest, signal))) await uploader.upload(contentOf(store, config), () => {}, signal)
  const content = await store.blobs.readDocument(image.manifestDigest)
  await uploader.putManifest(reference.tag, content, image.manifest.mediaType ?? mediaTypes.manifest, signal)
  const { tag } = reference
  const { manifestDigest: digest, manifestSize: size } = image
  onProgress({ status: `${tag}: digest: ${digest} size: ${size}` })
  onProgress({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } })
}

interface PushedLayer {
  readonly descriptor: Descriptor
  /** First digits of the diff id, as dockerd shows it. */
  readonly id: string
}

/** A layer that is in the image twice is pushed once. */
function describeLayers(image: StoredImage): PushedLayer[] {
  const diffIds = image.document.rootfs.diff_ids ?? []
  const byDigest = new Map(
    image.manifest.layers.map((descriptor, at) => {
      const diffId = diffIds[at] ?? descriptor.digest
      return [descriptor.digest, { descriptor, id: diffId.slice('sha256:'.length, 'sha256:'.length + 12) }]
    }),
  )
  return [...byDigest.values()].reverse()
}

async function pushLayer(
  store: ImageStore,
  uploader: RegistryUploader,
  { descriptor, id }: PushedLayer,
  sister: string | undefined,
  onProgress: PushOptions['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const { digest, size } = descriptor
  if (isForeign(descriptor.mediaType)) {
    onProgress({ status: 'Skipped foreign layer', progressDetail: {}, id })
  } else if (await uploader.has(digest, signal)) {
    onProgress({ status: 'Layer already exists', progressDetail: {}, id })
  } else if (sister !== undefined && (await uploader.mount(digest, sister, signal))) {
    onProgress({ status: `Mounted from ${sister}`, progressDetail: {}, id })
  } else {
    let told = 0
    const step = Math.max(512 * 1024, size / 100)
    const tell = (current: number): void => {
      if (current < told + step && current < size) return
      told = current
      onProgress({ status: 'Pushing', progressDetail: { current, total: size }, id })
    }
    await uploader.upload(contentOf(store, descriptor), tell, signal)
    onProgress({ status: 'Pushed', progressDetail: {}, id })
  }
}

function contentOf(store: ImageStore, { digest, size }: Descriptor): BlobContent {
  const path = store.blobs.path(digest)
  return {
    digest,
    size,
    read: (start, end) => createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 }),
  }
}

/** Layer digest -> a repository of the same registry that should have it, told by what was pulled from there or pushed to it. */
function sistersOf(store: ImageStore, reference: Reference, image: StoredImage): ReadonlyMap<string, string> {
  const wanted = new Set(image.manifest.layers.map(layer => layer.digest))
  const sisters = new Map<string, string>()
  const { table } = store.catalog
  for (const other of table.manifests()) {
    const paths = table
      .names(other.id)
      .filter(name => name.includes('@') && table.findByName(name) === other)
      .map(name => parseReference(repositoryOf(name)))
      .filter(({ domain, path }) => domain === reference.domain && path !== reference.path)
    const [first] = paths
    if (first === undefined) continue
    for (const { digest } of other.manifest.layers) if (wanted.has(digest)) sisters.set(digest, first.path)
  }
  return sisters
}
