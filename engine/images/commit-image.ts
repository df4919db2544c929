import { publishImage } from './announce.ts'
import type { StoredImage } from './catalog.ts'
import { parseImageDocument } from './documents.ts'
import { type ImageConfig, mediaTypes } from './oci.ts'
import { hostPlatform } from './platform.ts'
import { familiarName, parseReference } from './reference.ts'
import type { ImageService } from './service.ts'
import { describeLayer } from './store-image.ts'

export interface CommitImageOptions {
  /** The image under it; undefined: none. */
  readonly parent: StoredImage | undefined
  readonly config: ImageConfig
  readonly author: string
  readonly comment: string
  /** What made the layer, for the history. */
  readonly createdBy: string
  /** Full names that it gets. */
  readonly names: readonly string[]
  readonly signal?: AbortSignal
}

/** A new image: the parent's layers and one more, given as a tar. */
export function commitImage(
  service: ImageService,
  tar: AsyncIterable<Buffer>,
  options: CommitImageOptions,
): Promise<StoredImage> {
  const { store } = service
  const { parent } = options
  return store.lease(async () => {
    const layer = await store.blobs.ingest(tar)
    const path = store.blobs.path(layer.digest)
    const info = await store.layers.ensure(layer.digest, path, options.signal)
    const created = service.now().toISOString()
    const entry = {
      created,
      created_by: options.createdBy,
      ...(options.author === '' ? {} : { author: options.author }),
      ...(options.comment === '' ? {} : { comment: options.comment }),
    }
    const config = await store.blobs.put(
      Buffer.from(
        JSON.stringify({
          created,
          ...(options.author === '' ? {} : { author: options.author }),
          architecture: parent?.document.architecture ?? hostPlatform.architecture,
          os: parent?.document.os ?? hostPlatform.os,
          ...(parent?.document.variant === undefined ? {} : { variant: parent.document.variant }),
          config: options.config,
          rootfs: { type: 'layers', diff_ids: [...(parent?.document.rootfs.diff_ids ?? []), info.diffId] },
          history: [...(parent?.document.history ?? []), entry],
        }),
      ),
    )
    const manifest = {
      schemaVersion: 2 as const,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...config },
      layers: [...(parent?.manifest.layers ?? []), await describeLayer(path, layer)],
    }
    const content = await store.blobs.put(Buffer.from(JSON.stringify(manifest)))
    const image: StoredImage = {
      id: config.digest,
      manifestDigest: content.digest,
      manifestSize: content.size,
      manifest,
      document: parseImageDocument(await store.blobs.readDocument(config.digest)),
    }
    await store.catalog.put(image, options.names, service.now())
    publishImage(service, 'create', image)
    for (const name of options.names) publishImage(service, 'tag', image, familiarName(parseReference(name)))
    return image
  })
}
