import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerView } from '../../schemas/runtime/layer.ts'
import type { LayerWorkers } from '../images/layer-worker.ts'
import type { ImageStore } from '../images/store.ts'
import { ContextNeeded, type ListedContext } from './listed-context.ts'
import type { StageState } from './stage-state.ts'
import type { KnownPlaces } from './steps/find-place.ts'

/** A file tree that can be read: lower layers, top-most first. */
export interface Tree {
  /** Names its content for good; undefined where that may change. */
  readonly identity: string | undefined
  readonly lower: readonly string[]
  /** Only this of it is known: nothing can be read. */
  readonly listed?: ListedContext
  /** A client's files: they belong to root whatever they were there. */
  readonly isContext: boolean
  /** Lies under the machine's own root, so that scratch folders of it must lie in memory. */
  readonly isHost: boolean
}

/** Folders of one build: on disk, and, for trees that contain the disk's, in memory. All of it goes when the build ends. */
export class Workspace {
  readonly root: string
  readonly #memory: string
  readonly #workers: LayerWorkers
  readonly #store: ImageStore
  /** Where copies go, known from earlier builds. */
  readonly places: KnownPlaces
  /** What is known of the context where it was not sent: then only the cache can answer. */
  readonly listed: ListedContext | undefined
  readonly #layersInMemory = new Map<string, Promise<string>>()
  #count = 0

  constructor(options: {
    readonly root: string
    readonly memory: string
    readonly workers: LayerWorkers
    readonly store: ImageStore
    readonly places: KnownPlaces
    readonly listed?: ListedContext | undefined
  }) {
    this.root = options.root
    this.#memory = options.memory
    this.#workers = options.workers
    this.#store = options.store
    this.places = options.places
    this.listed = options.listed
  }

  get workers(): LayerWorkers {
    return this.#workers
  }

  get context(): string {
    return join(this.root, 'context')
  }

  async folder(name: string, inMemory = false): Promise<string> {
    const path = join(inMemory ? this.#memory : this.root, `${name}-${this.#count++}`)
    await mkdir(path, { recursive: true, mode: 0o755 })
    return path
  }

  /** A view of a tree with a fresh writable layer over it. */
  async view(tree: Tree): Promise<{ readonly view: ContainerView; readonly upper: string }> {
    if (tree.listed !== undefined) throw new ContextNeeded()
    const base = await this.folder('layer', tree.isHost)
    const upper = join(base, 'upper')
    const work = join(base, 'work')
    await mkdir(upper, { mode: 0o755 })
    await mkdir(work, { mode: 0o755 })
    const lower = tree.lower.length > 0 ? tree.lower : [await this.folder('empty')]
    return { view: { hasMounts: false, layers: { lower, upper, work, isReadOnly: false, mounts: [] } }, upper }
  }

  async treeOf(state: Pick<StageState, 'layers' | 'hostTree'>): Promise<Tree> {
    const isHost = state.hostTree !== undefined
    const paths = await Promise.all(state.layers.map(layer => (isHost ? this.#inMemory(layer) : this.#onDisk(layer))))
    return {
      lower: [...paths.reverse(), ...(state.hostTree === undefined ? [] : [state.hostTree])],
      identity: isHost ? undefined : state.layers.map(({ diffId }) => diffId).join(' '),
      isContext: false,
      isHost,
    }
  }

  async #onDisk({ diffId, descriptor }: StageState['layers'][number]): Promise<string> {
    const { layers, blobs } = this.#store
    if (!layers.has(diffId)) await layers.ensure(descriptor.digest, blobs.path(descriptor.digest))
    return layers.path(diffId)
  }

  /** overlayfs refuses a lower layer that lies in another one: over `/` the layers of the store cannot be used where they are. */
  #inMemory({ diffId, descriptor }: StageState['layers'][number]): Promise<string> {
    const known = this.#layersInMemory.get(diffId)
    if (known !== undefined) return known
    const unpacking = this.folder('copy', true).then(async target => {
      await this.#workers.unpack({
        target,
        source: { path: this.#store.blobs.path(descriptor.digest), offset: 0 },
        maxBytes: 16 * 1024 ** 3,
        maxEntries: 4_000_000,
        whiteouts: 'overlay',
      })
      return target
    })
    this.#layersInMemory.set(diffId, unpacking)
    return unpacking
  }
}
