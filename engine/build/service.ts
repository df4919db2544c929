import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { ContainerContext } from '../containers/context.ts'
import { KeyedQueue } from '../containers/keyed-queue.ts'
import { remove } from '../containers/lifecycle.ts'
import type { StoredImage } from '../images/catalog.ts'
import type { ImageService } from '../images/service.ts'
import type { Store } from '../store/store.ts'
import { layersOf } from './base-image.ts'
import { buildImage } from './build.ts'
import { BuildCache } from './cache.ts'
import type { ListedContext } from './listed-context.ts'
import { openRemoteContext } from './remote/remote-context.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import { KnownPlaces } from './steps/find-place.ts'
import { buildLabel } from './steps/run-container.ts'
import { wholeBlocks } from './whole-blocks.ts'
import { Workspace } from './workspace.ts'

const limits = { maxBytes: 128 * 1024 ** 3, maxEntries: 4_000_000 }

/** A tar, an address, or what there is to know of files that were not sent. */
export type BuildSource = Readable | { readonly remote: string } | { readonly listed: ListedContext }

/** Builds of images, and what is kept between them. */
export class BuildService {
  readonly cache: BuildCache
  readonly #engine: ContainerContext
  readonly #images: ImageService
  readonly #locks = new KeyedQueue()
  readonly #places = new KnownPlaces()
  readonly #root: string
  readonly #memory: string
  readonly #cacheRoot: string

  constructor(engine: ContainerContext, images: ImageService, store: Store) {
    this.#engine = engine
    this.#images = images
    this.#root = join(engine.dataRoot, 'build')
    this.#memory = join(engine.runDir, 'build')
    this.#cacheRoot = join(engine.dataRoot, 'build-mounts')
    this.cache = new BuildCache(store, images.store, images.now)
  }

  /** Removes what builds of a killed daemon left. */
  async open(): Promise<void> {
    const left = this.#engine.registry.list().filter(({ record }) => record.config.Labels?.[buildLabel] === 'step')
    for (const { record } of left) await remove(this.#engine, record.id, { force: true, removeVolumes: true })
    for (const folder of [this.#root, this.#memory]) await this.#discard(folder)
  }

  /** `context`: a tar, also compressed, an address, or a listing (throws ContextNeeded where that is not enough). `request` gets the folder with its named contexts, `contexts/<name>`. */
  async build(
    context: BuildSource,
    request: (folder: string) => BuildRequest,
    report: BuildReport,
    signal: AbortSignal,
  ): Promise<StoredImage> {
    const listed = 'listed' in context ? context.listed : undefined
    return this.#withWorkspace(listed, async workspace => {
      const wanted = request(workspace.root)
      await this.#openContext(workspace, context, wanted, signal)
      const parts = {
        engine: this.#engine,
        images: this.#images,
        cache: this.cache,
        workspace,
        cacheRoot: this.#cacheRoot,
        locks: this.#locks,
      }
      return await buildImage(parts, wanted, report, signal)
    })
  }

  /** The file tree of an image as one tar, all layers together: `use` reads it to its end. */
  async rootfs(name: string, use: (tar: Readable) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { store } = this.#images
    const found = await this.#images.find(name, { signal })
    if (found.kind === 'host') throw new BerthError('INVALID_ARGUMENT', `${name} is a folder of this host and no image`)
    const { image } = found
    await this.#withWorkspace(undefined, workspace =>
      store.lease(async () => {
        const { view } = await workspace.view(
          await workspace.treeOf({ layers: layersOf(image, name), hostTree: undefined }),
        )
        const { tar } = await this.#engine.workers.packPath({ view, path: '/', follows: false, name: '' }, signal)
        await use(tar)
      }),
    )
  }

  /** Folders of its own, gone afterwards. */
  async #withWorkspace<T>(listed: ListedContext | undefined, work: (workspace: Workspace) => Promise<T>): Promise<T> {
    const name = randomBytes(8).toString('hex')
    const root = join(this.#root, name)
    const memory = join(this.#memory, name)
    const { workers, trash } = this.#engine
    const workspace = new Workspace({ root, memory, workers, store: this.#images.store, places: this.#places, listed })
    try {
      await mkdir(workspace.context, { recursive: true, mode: 0o755 })
      return await work(workspace)
    } finally {
      trash.discard(root)
      // It may hold secrets: nobody is told of an end before they are gone.
      if (existsSync(memory)) await this.#discard(memory)
    }
  }

  async #openContext(
    workspace: Workspace,
    context: BuildSource,
    { agents, args, contexts }: BuildRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const unpack = (archive: Readable): Promise<unknown> =>
      this.#engine.workers.unpack({ target: workspace.context, ...limits, whiteouts: 'none' }, { archive, signal })
    if ('listed' in context) return
    if ('remote' in context) {
      const keepsGitDir = ['1', 'true'].includes(args.get('BUILDKIT_CONTEXT_KEEP_GIT_DIR') ?? '')
      const agent = agents.get('default')
      const { root, context: target } = workspace
      await openRemoteContext(context.remote, { root, context: target, agent, keepsGitDir, unpack, signal })
      return
    }
    await unpack(Readable.from(wholeBlocks(context)))
    await this.#moveContexts(workspace)
    for (const [name, source] of contexts) {
      // A link would be followed out of the build.
      const status = 'folder' in source ? await lstat(source.folder).catch(() => undefined) : undefined
      if ('folder' in source && status?.isDirectory() !== true)
        throw new BerthError('INVALID_ARGUMENT', `the additional context ${name} is no folder of what was sent`)
    }
  }

  /** Named contexts come in a folder of the context, and are no part of it. What is no folder there is left alone. */
  async #moveContexts({ root, context }: Workspace): Promise<void> {
    const folder = join(context, '.berth-contexts')
    const status = await lstat(folder).catch(() => undefined)
    if (status?.isDirectory() !== true) return
    await rename(folder, join(root, 'contexts'))
  }

  /** POST /build/prune. */
  async prune(): Promise<{ readonly ids: readonly string[]; readonly bytes: number }> {
    await this.#discard(this.#cacheRoot)
    return this.cache.prune()
  }

  async #discard(folder: string): Promise<void> {
    await this.#engine.workers.remove(folder).catch(() => rm(folder, { recursive: true, force: true }))
  }
}
