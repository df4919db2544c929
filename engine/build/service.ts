import { randomBytes } from 'node:crypto'
import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { ContainerContext } from '../containers/context.ts'
import { KeyedQueue } from '../containers/keyed-queue.ts'
import { remove } from '../containers/lifecycle.ts'
import type { StoredImage } from '../images/catalog.ts'
import type { ImageService } from '../images/service.ts'
import type { Store } from '../store/store.ts'
import { buildImage } from './build.ts'
import { BuildCache } from './cache.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import { buildLabel } from './steps/run-container.ts'
import { Workspace } from './workspace.ts'

const limits = { maxBytes: 128 * 1024 ** 3, maxEntries: 4_000_000 }

/** Builds of images, and what is kept between them. */
export class BuildService {
  readonly cache: BuildCache
  readonly #engine: ContainerContext
  readonly #images: ImageService
  readonly #locks = new KeyedQueue()
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

  /** `context`: a tar, plain, gzip or zstd. `request` gets the folder with its named contexts, `contexts/<name>`. */
  async build(
    context: Readable,
    request: (folder: string) => BuildRequest,
    report: BuildReport,
    signal: AbortSignal,
  ): Promise<StoredImage> {
    const name = randomBytes(8).toString('hex')
    const root = join(this.#root, name)
    const memory = join(this.#memory, name)
    const { workers } = this.#engine
    const workspace = new Workspace({ root, memory, workers, store: this.#images.store })
    try {
      await mkdir(workspace.context, { recursive: true, mode: 0o755 })
      await workers.unpack({ target: workspace.context, ...limits, whiteouts: 'none' }, { archive: context, signal })
      await this.#moveContexts(workspace)
      const parts = {
        engine: this.#engine,
        images: this.#images,
        cache: this.cache,
        workspace,
        cacheRoot: this.#cacheRoot,
        locks: this.#locks,
      }
      return await buildImage(parts, request(root), report, signal)
    } finally {
      await Promise.all([this.#discard(root), this.#discard(memory)])
    }
  }

  /** Named contexts come in a folder of the context, and are no part of it. What is no folder there is left alone. */
  async #moveContexts({ root, context }: Workspace): Promise<void> {
    const folder = join(context, '.berth-contexts')
    const status = await lstat(folder).catch(() => undefined)
    if (status?.isDirectory() === true) await rename(folder, join(root, 'contexts'))
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
