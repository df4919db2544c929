import { randomBytes } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
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
  /** Of all its files: the size that docker shows. */
  contentBytes: z.number(),
  /** The boot in which it was unpacked. */
  bootId: z.optional(z.string()),
})
export type LayerInfo = z.infer<typeof LayerInfo>

export interface LayerLimits {
  readonly maxBytes: number
  readonly maxEntries: number
}

/** The file in a layer's folder that says that all of it had reached the disk. */
const durableMarker = 'durable'
const workPrefix = '.work-'
const syncDelayMs = 1000

export interface LayerStoreOptions {
  readonly root: string
  readonly workers: LayerWorkers
  readonly limits: LayerLimits
  /** Names this boot of the machine: what an earlier one left without the marker may be incomplete. */
  readonly bootId: string
  /** Resolves when everything that was written to the disk of `folder` before is on it. */
  readonly syncDisk: (folder: string) => Promise<void>
}

/**
 * Unpacked layers: `<root>/<hex of the diff id>/{diff/,layer.json}`, each a read-only lower directory of its own, whatever images use it.
 * A folder with such a name is whole: work happens in `.work-…` beside it and is renamed, and what an interruption left is removed at start.
 * Against a power loss nobody waits: the disk is synced in the background, a marker says so, and after a reboot what has none is unpacked again.
 */
export class LayerStore {
  readonly #root: string
  readonly #workers: LayerWorkers
  readonly #limits: LayerLimits
  readonly #layers = new Map<string, LayerInfo>()
  readonly #diffIdOfBlob = new Map<string, string>()
  /** Unpacking now, by blob: several images that share a layer share the work. */
  readonly #unpacking = new Map<string, Promise<LayerInfo>>()

  readonly #bootId: string
  readonly #syncDisk: LayerStoreOptions['syncDisk']
  #waitsForDisk: string[] = []
  #syncing: Promise<void> | undefined

  constructor({ root, workers, limits, bootId, syncDisk }: LayerStoreOptions) {
    this.#root = root
    this.#workers = workers
    this.#limits = limits
    this.#bootId = bootId
    this.#syncDisk = syncDisk
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
      const { diffId, bytes, entries, contentBytes } = result
      const info = { diffId, digest, bytes, entries, contentBytes, bootId: this.#bootId }
      if (!this.#layers.has(info.diffId)) {
        await writeFile(join(this.#root, work, 'layer.json'), JSON.stringify(info))
        await rename(join(this.#root, work), join(this.#root, hexOf(info.diffId)))
        this.#layers.set(info.diffId, info)
        this.#makeDurable(info.diffId)
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

  /** Layers that come while the disk is synced share the next turn. */
  #makeDurable(diffId: string): void {
    this.#waitsForDisk.push(diffId)
    this.#syncing ??= this.#syncWaiting().finally(() => {
      this.#syncing = undefined
    })
  }

  /** A failure costs nothing now: without the marker the layer is unpacked again after a reboot. */
  async #syncWaiting(): Promise<void> {
    while (this.#waitsForDisk.length > 0) {
      // A pull brings several layers in a row: one turn for all that are there by the time.
      await delay(syncDelayMs, undefined, { ref: false })
      const diffIds = this.#waitsForDisk
      this.#waitsForDisk = []
      const isSynced = await this.#syncDisk(this.#root).then(
        () => true,
        () => false,
      )
      if (!isSynced) return
      const present = diffIds.filter(diffId => this.#layers.has(diffId))
      await Promise.all(
        present.map(diffId => writeFile(join(this.#root, hexOf(diffId), durableMarker), '').catch(() => undefined)),
      )
    }
  }

  /** Takes over a layer of an earlier run; what is not one is removed. */
  async #adopt(name: string): Promise<void> {
    try {
      const info = LayerInfo.parse(JSON.parse(await readFile(join(this.#root, name, 'layer.json'), 'utf8')))
      if (hexOf(info.diffId) !== name) throw new Error(`${name} holds ${info.diffId}`)
      const isDurable = await exists(join(this.#root, name, durableMarker))
      if (!isDurable && info.bootId !== this.#bootId) throw new Error(`${name} may not have reached the disk`)
      if (!isDurable) this.#makeDurable(info.diffId)
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

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function hexOf(diffId: string): string {
  return diffId.slice('sha256:'.length)
}
