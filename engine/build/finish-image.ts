import { BerthError } from '../../schemas/errors.ts'
import type { StoredImage } from '../images/catalog.ts'
import { parseImageDocument } from '../images/documents.ts'
import { mediaTypes } from '../images/oci.ts'
import { hostPlatform } from '../images/platform.ts'
import type { ImageService } from '../images/service.ts'
import type { BuildCache } from './cache.ts'
import { keysMember, keysOf } from './import-keys.ts'
import type { StageState } from './stage-state.ts'

/** A stage becomes an image, or the one that came of the same steps before. Call it inside `store.lease`. */
export async function finishImage(
  images: ImageService,
  cache: BuildCache,
  state: StageState,
  options: {
    readonly names: readonly string[]
    readonly created: string
    readonly isReproducible: boolean
    readonly keepsKeys: boolean
  },
): Promise<StoredImage> {
  if (state.hostTree !== undefined) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      'the last stage stands on rootfs:/, this whole machine, which cannot be an image',
      {
        hint: 'COPY --from that stage what is needed into one FROM scratch or FROM an image',
      },
    )
  }
  const { store } = images
  const { architecture, os, variant } = state.base ?? hostPlatform
  const { created } = options
  const content = {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(state.author === '' ? {} : { author: state.author }),
    config: state.config,
    rootfs: { type: 'layers' as const, diff_ids: state.layers.map(({ diffId }) => diffId) },
    ...(options.keepsKeys ? { [keysMember]: keysOf(state.layers) } : {}),
  }
  const key = JSON.stringify([
    content,
    state.history.map(({ created_by, empty_layer }) => [created_by, empty_layer]),
    options.isReproducible && created,
  ])
  const known = store.catalog.get(cache.imageFor(key) ?? '')
  if (known !== undefined) {
    await store.catalog.put(known, options.names, images.now())
    return known
  }
  const config = await store.blobs.put(Buffer.from(JSON.stringify({ created, ...content, history: state.history })))
  const manifest = {
    schemaVersion: 2 as const,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: state.layers.map(({ descriptor }) => descriptor),
  }
  const stored = await store.blobs.put(Buffer.from(JSON.stringify(manifest)))
  const image: StoredImage = {
    id: config.digest,
    manifestDigest: stored.digest,
    manifestSize: stored.size,
    manifest,
    document: parseImageDocument(await store.blobs.readDocument(config.digest)),
  }
  await store.catalog.put(image, options.names, images.now())
  cache.noteImage(key, image.id)
  return image
}
