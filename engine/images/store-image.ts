import { open } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { ImageArchive } from './archive.ts'
import type { ArchiveImage, ArchiveLayer } from './archive-images.ts'
import type { Blob } from './blobs.ts'
import type { StoredImage } from './catalog.ts'
import { type Descriptor, type Manifest, mediaTypes } from './oci.ts'
import type { ImageStore } from './store.ts'

export interface StoreImageOptions {
  /** Full names that it gets. */
  readonly names: readonly string[]
  readonly now: Date
  /** Told when a layer is there, unpacked. */
  readonly onLayer?: (diffId: string) => void
  readonly signal?: AbortSignal
}

/**
 * Brings one image of an archive into the store: layers in parallel, each proven against what configuration and manifest promise, then the documents,
 * then the name. Call it inside `store.lease`.
 */
export async function storeImage(
  store: ImageStore,
  archive: ImageArchive,
  image: ArchiveImage,
  options: StoreImageOptions,
): Promise<StoredImage> {
  const blobs = await Promise.all(
    image.layers.map(async layer => {
      const blob = await storeLayer(store, archive, layer, options.signal)
      options.onLayer?.(layer.diffId)
      return blob
    }),
  )
  const config = await store.blobs.put(image.config)
  const content = image.manifest?.content ?? Buffer.from(JSON.stringify(await makeManifest(store, config, blobs)))
  const manifest = await store.blobs.put(content)
  const stored: StoredImage = {
    id: config.digest,
    manifestDigest: manifest.digest,
    manifestSize: manifest.size,
    manifest: image.manifest?.parsed ?? (JSON.parse(content.toString('utf8')) as Manifest),
    document: image.document,
  }
  await store.catalog.put(stored, options.names, options.now)
  return stored
}

async function storeLayer(
  store: ImageStore,
  archive: ImageArchive,
  layer: ArchiveLayer,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  const blob = await archive.storeBlob(layer.name, layer.descriptor?.digest ?? layer.diffId)
  const { descriptor } = layer
  if (descriptor !== undefined && (blob.digest !== descriptor.digest || blob.size !== descriptor.size)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `layer ${descriptor.digest} (${descriptor.size} bytes) does not match its content: ${blob.digest} (${blob.size} bytes)`,
    )
  }
  const info = await store.layers.ensure(blob.digest, store.blobs.path(blob.digest), signal)
  if (info.diffId !== layer.diffId) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `layer ${blob.digest} does not match the image configuration: expected diff id ${layer.diffId}, found ${info.diffId}`,
    )
  }
  return blob
}

/** An OCI manifest for an image that came without one. */
async function makeManifest(store: ImageStore, config: Blob, layers: readonly Blob[]): Promise<Manifest> {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: await Promise.all(layers.map(layer => describeLayer(store.blobs.path(layer.digest), layer))),
  }
}

/** Descriptor of a layer's blob, its type told by the first bytes. */
export async function describeLayer(path: string, blob: Blob): Promise<Descriptor> {
  const handle = await open(path, 'r')
  try {
    const magic = Buffer.alloc(4)
    await handle.read(magic, 0, 4, 0)
    return { mediaType: layerType(magic), ...blob }
  } finally {
    await handle.close()
  }
}

function layerType(magic: Buffer): string {
  if (magic.readUInt16BE(0) === 0x1f8b) return mediaTypes.layerGzip
  return magic.readUInt32BE(0) === 0x28b52ffd ? mediaTypes.layerZstd : mediaTypes.layer
}
