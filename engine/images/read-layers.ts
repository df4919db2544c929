import type { ImageDifference, ImageLayers } from '../../schemas/api/berth.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { StoredImage } from './catalog.ts'
import { compareTrees, type LayerEntry, type StackedLayers, stackLayers } from './layer-tree.ts'
import type { ImageService } from './service.ts'
import { type ScannedEntry, scanTar } from './tar/scan.ts'
import { streamSource } from './tar/source.ts'

/** GET /berth/v1/images/{name}/layers */
export async function describeLayers(service: ImageService, name: string, signal: AbortSignal): Promise<ImageLayers> {
  const image = await storedImage(service, name, signal)
  const { counts, wasted } = await readStack(service, image, signal)
  const steps = (image.document.history ?? []).filter(entry => entry.empty_layer !== true)
  const diffIds = image.document.rootfs.diff_ids ?? []
  return {
    Id: image.id,
    Layers: counts.map((count, at) => ({
      DiffId: diffIds[at] ?? '',
      CreatedBy: steps[at]?.created_by ?? '',
      Size: count.size,
      Added: count.added,
      Changed: count.changed,
      Removed: count.removed,
      Wasted: count.wasted,
    })),
    Wasted: wasted,
  }
}

/** GET /berth/v1/images/{name}/diff?to=OTHER */
export async function compareImages(
  service: ImageService,
  name: string,
  other: string,
  signal: AbortSignal,
): Promise<readonly ImageDifference[]> {
  const from = await storedImage(service, name, signal)
  const to = await storedImage(service, other, signal)
  const trees = await Promise.all([from, to].map(image => readStack(service, image, signal)))
  const [before, after] = trees as [StackedLayers, StackedLayers]
  return compareTrees(before.tree, after.tree)
}

async function storedImage(service: ImageService, name: string, signal: AbortSignal): Promise<StoredImage> {
  const found = await service.find(name, { signal })
  if (found.kind === 'stored') return found.image
  throw new BerthError('INVALID_ARGUMENT', `${name} is a folder of this host: it has no layers`)
}

/** Reads all layers of an image as they are unpacked; a lease keeps them there meanwhile. */
function readStack({ store }: ImageService, image: StoredImage, signal: AbortSignal): Promise<StackedLayers> {
  return store.lease(async () => {
    const layers: LayerEntry[][] = []
    for (const diffId of image.document.rootfs.diff_ids ?? []) {
      const tar = await store.layers.pack(diffId, signal)
      const entries: LayerEntry[] = []
      for await (const entry of scanTar(streamSource(tar as AsyncIterable<Buffer>))) entries.push(toLayerEntry(entry))
      layers.push(entries)
    }
    return stackLayers(layers)
  })
}

const whiteout = '.wh.'
const opaque = '.wh..wh..opq'

function toLayerEntry({ name, type, size, linkName, attributes }: ScannedEntry): LayerEntry {
  const path = name
    .replace(/^(\.?\/)+/, '')
    .replace(/\/+$/, '')
    .replace(/^\.$/, '')
  const slash = path.lastIndexOf('/')
  const folder = slash < 0 ? '' : path.slice(0, slash)
  const base = path.slice(slash + 1)
  const entry = { type, size: type === 'file' ? size : 0, ...attributes, target: linkName }
  if (base === opaque) return { ...entry, path: folder, hides: 'opaque' }
  if (!base.startsWith(whiteout)) return { ...entry, path }
  const hidden = base.slice(whiteout.length)
  return { ...entry, path: folder === '' ? hidden : `${folder}/${hidden}`, hides: 'removed' }
}
