import type { Readable } from 'node:stream'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { EventBus } from '../events/bus.ts'
import { publishImage } from './announce.ts'
import type { StoredImage } from './catalog.ts'
import { type Disk, systemDisk } from './disk.ts'
import { type HostTree, openHostTree } from './host-tree.ts'
import type { LayerWorkers } from './layer-worker.ts'
import { loadStream, shown } from './load.ts'
import { findImage } from './lookup.ts'
import type { ImageConfig, Platform } from './oci.ts'
import { requirePlatform } from './platform.ts'
import { defaultRegistrySettings, type RegistrySettings } from './registry/settings.ts'
import { ImageStore } from './store.ts'
import { formatTransport, parseTransport } from './transport.ts'
import { Transports } from './transports.ts'
import { type ImageUser, ImageUsers } from './users.ts'
import { imageBytes } from './view.ts'

export type { ImageUser } from './users.ts'

/** What a container needs to know about its image. Nothing here changes after it was resolved. */
export interface ResolvedImage {
  /** `sha256:<64 hex>` of the image's config; for `rootfs:` images a digest of the path. */
  readonly id: string
  /** As the user wrote it, normalised: `docker.io/library/busybox:latest`, `rootfs:/`, `docker-archive:/x.tar`. */
  readonly reference: string
  /** The `config` member of the OCI image configuration (Env, Cmd, Entrypoint, Volumes, ...). */
  readonly config: ImageConfig
  /** Absolute directories of the read-only layers, top-most first, as overlay's `lower` wants them. */
  readonly lower: readonly string[]
  /** Set for `rootfs:/path`: the one lower layer is this directory of the host. */
  readonly hostTree?: string
}

export interface ResolveOptions {
  readonly signal?: AbortSignal
  /** What the image must be for: NOT_FOUND when it is for something else, so that clients pull the one that they want. */
  readonly platform?: Platform | undefined
}

/** What the containers' side needs from images. */
export interface ContainerImages {
  /**
   * Finds the image of `reference` (name, id, id prefix, name@digest, or a transport such as `docker-archive:/abs/path.tar`, which is loaded on demand).
   * Throws BerthError NOT_FOUND `No such image: x` as dockerd does.
   */
  resolve(reference: string, options?: ResolveOptions): Promise<ResolvedImage>
  /** At a start: the image that was resolved at create, whatever its name means by now. */
  reopen(image: Pick<ResolvedImage, 'id' | 'reference'>): Promise<ResolvedImage>
  /** Registers a user (at create, and for every container on record at the daemon's start). Idempotent per container. */
  use(imageId: string, user: ImageUser): void
  release(imageId: string, containerId: string): void
  /** Whether the name that a container was made from still means the same image. `rootfs:` and other transports always do. */
  isNameOf(reference: string, imageId: string): boolean
  /** Bytes of an image's layers, unpacked; 0 for `rootfs:` images, which are not ours. */
  sizeOf(imageId: string): number
}

export interface ImageServiceOptions {
  readonly dataRoot: string
  readonly workers: LayerWorkers
  readonly events: Pick<EventBus, 'publish'>
  readonly now?: () => Date
  readonly registries?: RegistrySettings
  readonly disk?: Disk
  /** Of one layer, uncompressed. */
  readonly maxLayerBytes?: number
  readonly maxLayerEntries?: number
}

/** What a name may mean: an image of the store, or a directory of the host. */
export type FoundImage =
  | { readonly kind: 'stored'; readonly image: StoredImage; readonly name: string | undefined }
  | { readonly kind: 'host'; readonly tree: HostTree }

const defaultLimits = { maxBytes: 128 * 1024 ** 3, maxEntries: 4_000_000 }

/** Images: what containers start from. Listing, tagging, removing and saving are functions over `store` in files of their own. */
export class ImageService implements ContainerImages {
  readonly store: ImageStore
  readonly users = new ImageUsers()
  readonly events: Pick<EventBus, 'publish'>
  readonly now: () => Date
  readonly registries: RegistrySettings
  readonly #transports: Transports

  constructor(options: ImageServiceOptions) {
    const limits = {
      maxBytes: options.maxLayerBytes ?? defaultLimits.maxBytes,
      maxEntries: options.maxLayerEntries ?? defaultLimits.maxEntries,
    }
    this.store = new ImageStore(options.dataRoot, options.workers, limits, options.disk ?? systemDisk())
    this.events = options.events
    this.now = options.now ?? (() => new Date())
    this.registries = options.registries ?? defaultRegistrySettings
    this.#transports = new Transports(this.store)
  }

  /** Reads the store; call it once before anything else. Answers descriptions of images that are damaged and left out. */
  async open(): Promise<readonly string[]> {
    const damaged = await this.store.open()
    // What an interrupted load or pull brought in and never named.
    void this.store.collect().catch(() => undefined)
    return damaged
  }

  /** Finds what `reference` means, loading archives on demand. */
  async find(reference: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<FoundImage> {
    const transport = parseTransport(reference)
    if (transport === undefined) {
      const found = findImage(this.store.catalog, reference)
      return { kind: 'stored', image: found.image, name: found.name }
    }
    if (transport.kind === 'rootfs') return { kind: 'host', tree: await openHostTree(transport.path) }
    const image = await this.#transports.resolve(transport, this.now(), signal)
    return { kind: 'stored', image, name: formatTransport(transport) }
  }

  async resolve(reference: string, options: ResolveOptions = {}): Promise<ResolvedImage> {
    const found = await this.find(reference, options)
    if (options.platform !== undefined && found.kind === 'stored')
      requirePlatform(reference, found.image.document, options.platform)
    if (found.kind === 'host') {
      const { id, path, document } = found.tree
      return { id, reference: found.tree.reference, config: document.config ?? {}, lower: [path], hostTree: path }
    }
    const { image, name } = found
    return {
      id: image.id,
      reference: name ?? image.id,
      config: image.document.config ?? {},
      lower: await this.#lower(image, options.signal),
    }
  }

  async reopen({ id, reference }: Pick<ResolvedImage, 'id' | 'reference'>): Promise<ResolvedImage> {
    const image = this.store.catalog.get(id)
    if (image === undefined) return this.resolve(reference)
    return { ...(await this.resolve(id)), reference }
  }

  use(imageId: string, user: ImageUser): void {
    this.users.add(imageId, user)
  }

  release(imageId: string, containerId: string): void {
    this.users.remove(imageId, containerId)
    if (this.users.of(imageId).length > 0 || !this.store.catalog.table.isHidden(imageId)) return
    // Deleted by force while this container still had it.
    void this.store.catalog.remove(imageId).then(() => this.store.collect())
  }

  isNameOf(reference: string, imageId: string): boolean {
    if (parseTransport(reference) !== undefined) return true
    try {
      return findImage(this.store.catalog, reference).image.id === imageId
    } catch {
      return false
    }
  }

  sizeOf(imageId: string): number {
    const image = this.store.catalog.get(imageId)
    return image === undefined ? 0 : imageBytes(this.store, image)
  }

  /** `docker load`: progress goes to `onProgress`, errors are thrown. */
  async load(
    archive: Readable,
    options: { readonly onProgress: (message: ProgressMessage) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const loaded = await loadStream(this.store, archive, { ...options, now: this.now() })
    for (const image of loaded) {
      const [name] = this.store.catalog.names(image.id)
      publishImage(this, 'load', image, name === undefined ? undefined : shown(name))
    }
  }

  /** Layers, top-most first; one that was lost is unpacked again from its blob. */
  async #lower(image: StoredImage, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const { layers, blobs } = this.store
    const diffIds = image.document.rootfs.diff_ids ?? []
    // Its blobs may be another manifest's by now.
    const { manifest } = this.store.catalog.get(image.id) ?? image
    if (diffIds.length === 0) throw new BerthError('INVALID_ARGUMENT', `the image ${image.id} has no layers`)
    if (!diffIds.every(diffId => layers.has(diffId))) {
      await this.store.lease(() =>
        Promise.all(manifest.layers.map(layer => layers.ensure(layer.digest, blobs.path(layer.digest), signal))),
      )
    }
    return diffIds.map(diffId => layers.path(diffId)).reverse()
  }
}
