import type { Readable } from 'node:stream'
import { publishImage } from './announce.ts'
import type { StoredImage } from './catalog.ts'
import { applyConfigChanges } from './config-changes.ts'
import { parseImageDocument } from './documents.ts'
import { mediaTypes } from './oci.ts'
import { hostPlatform } from './platform.ts'
import type { ImageService } from './service.ts'
import { describeLayer } from './store-image.ts'

export interface ImportOptions {
  /** Full names that it gets. */
  readonly names: readonly string[]
  readonly message: string
  /** Dockerfile instructions for the configuration. */
  readonly changes: readonly string[]
  readonly signal: AbortSignal
}

/** `docker import`: a root file system's tar becomes an image of one layer. */
export function importImage(service: ImageService, tar: Readable, options: ImportOptions): Promise<StoredImage> {
  const { store } = service
  // Wrong instructions are refused before anything is stored.
  const settings = applyConfigChanges({}, options.changes)
  return store.lease(async () => {
    const layer = await store.blobs.ingest(tar as AsyncIterable<Buffer>)
    const info = await store.layers.ensure(layer.digest, store.blobs.path(layer.digest), options.signal)
    const created = service.now().toISOString()
    const config = Buffer.from(
      JSON.stringify({
        created,
        architecture: hostPlatform.architecture,
        os: hostPlatform.os,
        config: settings,
        rootfs: { type: 'layers', diff_ids: [info.diffId] },
        history: [{ created, comment: options.message === '' ? 'Imported from -' : options.message }],
      }),
    )
    const stored = await store.blobs.put(config)
    const manifest = {
      schemaVersion: 2 as const,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...stored },
      layers: [await describeLayer(store.blobs.path(layer.digest), layer)],
    }
    const content = await store.blobs.put(Buffer.from(JSON.stringify(manifest)))
    const image: StoredImage = {
      id: stored.digest,
      manifestDigest: content.digest,
      manifestSize: content.size,
      manifest,
      document: parseImageDocument(config),
    }
    await store.catalog.put(image, options.names, service.now())
    publishImage(service, 'import', image)
    return image
  })
}
