import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import { wrongDigest } from './blobs.ts'
import type { LayerWorkers } from './layer-worker.ts'
import { Digest } from './oci.ts'

const LayerInfo = z.object({
  /** Digest of the uncompressed tar: the layer's identity. */
  diffId: Digest,
  /** Digest of the blob that it was unpacked from. */
  digest: Digest,
  /** Of the uncompressed tar. */
  bytes: z.number(),
  entries: z.number(),
})
export type LayerInfo = z.infer<typeof LayerInfo>

export interface LayerLimits {
  readonly maxBytes: number
  readonly maxEntries: number
}

const workPrefix = '.work-'

/**
 * Unpacked layers: `<root>/<hex of the diff id>/{diff/,layer.json}`, each a read-only lower directory of its own, whatever images use it.
 * A folder with such a name is whole: work happens in `.work-…` beside it and is renamed, and what an interruption left is removed at start.
 */
export class LayerStore {
  readonly #root: string
  readonly #workers: LayerWorkers
  readonly #limits: LayerLimits
  readonly #layers = new Map<string, LayerInfo>()
  readonly #diffIdOfBlob = new Map<string, string>()
  /** Unpacking now, by blob: several images that share a layer share the work. */
  readonly #unpacking = new Map<string, Promise<LayerInfo>>()

  constructor(root: string, workers: LayerWorkers, limits: LayerLimits) {
    this.#root = root
    this.#workers = workers
    this.#limits = limits
  }

  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    const names = await readdir(this.#root)
    await Promise.all(names.map(name => (name.startsWith(workPrefix) ? this.#discard(name) : this.#adopt(name))))
  }

  has(diffId: string): boolean {
    return this.#layers.has(diffId)
  }

  info(diffId: string): LayerInfo | undefined {
    return this.#layers.get(diffId)
  }

  list(): string[] {
    return [...this.#layers.keys()]
  }

  /** The directory for overlay's `lower`. */
  path(diffId: string): string {
    return join(this.#root, hexOf(diffId), 'diff')
  }

  /** Unpacks the blob at `path` unless that was done before. Throws INVALID_ARGUMENT when its bytes are not those of `digest`, or are no layer. */
  ensure(digest: string, path: string, signal?: AbortSignal): Promise<LayerInfo> {
    const known = this.#layers.get(this.#diffIdOfBlob.get(digest) ?? digest)
    if (known !== undefined) return Promise.resolve(known)
    const running = this.#unpacking.get(digest)
    if (running !== undefined) return running
    const unpacking = this.#unpack(digest, path, signal).finally(() => this.#unpacking.delete(digest))
    this.#unpacking.set(digest, unpacking)
    return unpacking
  }

  /** The layer's tar, in OCI's format, made from what is unpacked. */
  pack(diffId: string, signal?: AbortSignal): Promise<Readable> {
    return this.#workers.pack(this.path(diffId), 'overlay', signal === undefined ? {} : { signal })
  }

  /** Gone at once for everybody; the files go in the background. */
  async remove(diffId: string): Promise<void> {
    const info = this.#layers.get(diffId)
    if (info === undefined) return
    this.#layers.delete(diffId)
    for (const [digest, target] of this.#diffIdOfBlob) if (target === diffId) this.#diffIdOfBlob.delete(digest)
    const work = this.#workName()
    await rename(join(this.#root, hexOf(diffId)), join(this.#root, work))
    void this.#discard(work)
  }

  async #unpack(digest: string, path: string, signal: AbortSignal | undefined): Promise<LayerInfo> {
    const work = this.#workName()
    const target = join(this.#root, work, 'diff')
    try {
      // The mode of a layer's root is overridden by its archive's own entry for it, where it has one.
      await mkdir(target, { recursive: true, mode: 0o755 })
      const result = await this.#workers.unpack(
        { target, source: { path, offset: 0 }, ...this.#limits, whiteouts: 'overlay' },
        signal === undefined ? {} : { signal },
      )
      if (result.digest !== digest) throw wrongDigest(digest, result.digest)
      const info = { diffId: result.diffId, digest, bytes: result.bytes, entries: result.entries }
      if (!this.#layers.has(info.diffId)) {
        await writeFile(join(this.#root, work, 'layer.json'), JSON.stringify(info))
        await rename(join(this.#root, work), join(this.#root, hexOf(info.diffId)))
        this.#layers.set(info.diffId, info)
      } else {
        void this.#discard(work)
      }
      this.#diffIdOfBlob.set(digest, info.diffId)
      return info
    } catch (error) {
      void this.#discard(work)
      // No layer, or changed on the disk since it was hashed: gone, so that the next pull or load brings it again.
      if (error instanceof BerthError && error.code === 'INVALID_ARGUMENT') await rm(path, { force: true })
      throw error
    }
  }

  /** Takes over a layer of an earlier run; what is not one is removed. */
  async #adopt(name: string): Promise<void> {
    try {
      const info = LayerInfo.parse(JSON.parse(await readFile(join(this.#root, name, 'layer.json'), 'utf8')))
      if (hexOf(info.diffId) !== name) throw new Error(`${name} holds ${info.diffId}`)
      this.#layers.set(info.diffId, info)
      this.#diffIdOfBlob.set(info.digest, info.diffId)
    } catch {
      await this.#discard(name)
    }
  }

  async #discard(name: string): Promise<void> {
    const path = join(this.#root, name)
    await this.#workers.remove(path).catch(() => rm(path, { recursive: true, force: true }).catch(() => undefined))
  }

  #workName(): string {
    return workPrefix + randomBytes(8).toString('hex')
  }
}

function hexOf(diffId: string): string {
  return diffId.slice('sha256:'.length)
}
