import { join } from 'node:path'
import { BlobStore } from './blobs.ts'
import { Catalog } from './catalog.ts'
import type { Disk } from './disk.ts'
import type { LayerWorkers } from './layer-worker.ts'
import { type LayerLimits, LayerStore } from './layers.ts'
import { Transfers } from './registry/transfers.ts'

export interface KeptLayer {
  readonly diffId: string
  /** Of its blob. */
  readonly digest: string
}

/** Everything of images that is on the disk, and the one rule that nothing in use or on its way is collected. */
export class ImageStore {
  readonly blobs: BlobStore
  readonly layers: LayerStore
  readonly catalog: Catalog
  /** Layers that are coming in from registries now. */
  readonly transfers = new Transfers()
  /** What else must stay: layers and blobs of the build cache. */
  readonly #keepers: (() => Iterable<KeptLayer>)[] = []
  #leases = 0
  #collecting: Promise<void> | undefined

  constructor(dataRoot: string, workers: LayerWorkers, limits: LayerLimits, disk: Disk) {
    const root = join(dataRoot, 'images')
    this.blobs = new BlobStore(root)
    this.layers = new LayerStore({ root: join(dataRoot, 'layers'), workers, limits, ...disk })
    this.catalog = new Catalog(root, this.blobs)
  }

  /** Answers the images that are damaged and left out. */
  async open(): Promise<readonly string[]> {
    await this.blobs.open()
    const [damaged] = await Promise.all([this.catalog.open(), this.layers.open()])
    return damaged
  }

  /** Layers that `list` names at the time of a collection stay without an image. */
  keep(list: () => Iterable<KeptLayer>): void {
    this.#keepers.push(list)
  }

  /** Runs something that adds content. What it adds is safe from collection until it is done; what it leaves unnamed is collected then. */
  async lease<T>(work: () => Promise<T>): Promise<T> {
    while (this.#collecting !== undefined) await this.#collecting
    this.#leases++
    try {
      return await work()
    } finally {
      this.#leases--
      if (this.#leases === 0) await this.collect()
    }
  }

  /** Removes blobs and layers that no image needs; later, while something is being added. Answers the layers that went. */
  async collect(): Promise<readonly string[]> {
    // With leases out, the last one to end collects. What is damaged may still own anything.
    if (this.#leases > 0 || this.#collecting !== undefined || this.catalog.hasDamage) return []
    const removed: string[] = []
    this.#collecting = this.#sweep(removed).finally(() => {
      this.#collecting = undefined
    })
    await this.#collecting
    return removed
  }

  async #sweep(removedLayers: string[]): Promise<void> {
    const blobs = new Set<string>()
    const layers = new Set<string>()
    for (const image of this.catalog.table.manifests()) {
      blobs.add(image.manifestDigest).add(image.id)
      for (const layer of image.manifest.layers) blobs.add(layer.digest)
      for (const diffId of image.document.rootfs.diff_ids ?? []) layers.add(diffId)
    }
    for (const { diffId, digest } of this.#keepers.flatMap(list => [...list()])) {
      layers.add(diffId)
      blobs.add(digest)
    }
    for (const diffId of this.layers.list()) {
      if (layers.has(diffId)) continue
      await this.layers.remove(diffId)
      removedLayers.push(diffId)
    }
    for (const digest of await this.blobs.list()) if (!blobs.has(digest)) await this.blobs.remove(digest)
  }
}
