import type { ImageSummary } from '../../schemas/api/images.ts'
import type { StoredImage } from './catalog.ts'
import type { ImageService } from './service.ts'
import { bytesOf, summarise } from './view.ts'

export interface ImageUsage {
  /** Bytes of all layers, each counted once however many images have it. */
  readonly layersSize: number
  /** With the bytes that each shares with others. */
  readonly images: readonly ImageSummary[]
}

/** What images take on the disk: GET /system/df, and GET /images/json with `shared-size`. */
export function imageUsage({ store, users }: ImageService): ImageUsage {
  const images = store.catalog.list()
  const owners = new Map<string, number>()
  for (const image of images) for (const diffId of layersOf(image)) owners.set(diffId, (owners.get(diffId) ?? 0) + 1)
  return {
    layersSize: bytesOf(store, store.layers.list()),
    images: images.map(image => {
      const shared = layersOf(image).filter(diffId => (owners.get(diffId) ?? 0) > 1)
      return summarise(store, image, users.of(image.id).length, bytesOf(store, shared))
    }),
  }
}

function layersOf(image: StoredImage): string[] {
  return [...new Set(image.document.rootfs.diff_ids)]
}
