import { createHash } from 'node:crypto'
import type { ImageStore } from '../images/store.ts'
import type { Collection, Store } from '../store/store.ts'
import type { BuiltLayer } from './stage-state.ts'

/** What a step's result depends on, by name: the key is over all of it, and a miss is told by what differs. Files are parts `file <path>`. */
export type KeyParts = Readonly<Record<string, string>>

interface CachedStep {
  /** Undefined: the step changes nothing on the disk. */
  readonly layer: BuiltLayer | undefined
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly description: string
  readonly usageCount?: number
}

/** Engine API `BuildCache`, of GET /system/df. */
export interface BuildCacheEntry {
  readonly ID: string
  readonly Type: 'regular'
  readonly Description: string
  readonly InUse: false
  /** Whether an image has the layer too: a prune does not give its bytes back. */
  readonly Shared: boolean
  /** Of the layer as stored, in bytes. */
  readonly Size: number
  readonly CreatedAt: string
  readonly LastUsedAt: string
  readonly UsageCount: number
}

/** What a place in a Dockerfile was made from last time: digests of its parts. */
interface LastTime {
  readonly parts: KeyParts
}

export type CacheAnswer =
  | { readonly kind: 'hit'; readonly step: CachedStep }
  | { readonly kind: 'miss'; readonly reason: string }

/** Results of steps by what went into them; kept in the daemon's store, and their layers in the image store, over restarts. */
export class BuildCache {
  readonly #steps: Collection<CachedStep>
  readonly #lastTimes: Collection<LastTime>
  readonly #images: Collection<{ readonly id: string }>
  readonly #store: ImageStore
  readonly #now: () => Date

  constructor(store: Store, images: ImageStore, now: () => Date) {
    this.#steps = store.collection('build-steps')
    this.#lastTimes = store.collection('build-last-times')
    this.#images = store.collection('build-images')
    this.#store = images
    this.#now = now
    images.keep(() =>
      this.#steps
        .list()
        .flatMap(({ layer }) =>
          layer === undefined ? [] : [{ diffId: layer.diffId, digest: layer.descriptor.digest }],
        ),
    )
  }

  /** `place` names the step's place in its Dockerfile, for the reason of a miss. */
  async find(place: string, parts: KeyParts): Promise<CacheAnswer> {
    const key = keyOf(parts)
    const step = this.#steps.get(key)
    const reason = reasonOf(this.#lastTimes.get(place)?.parts, digested(parts), step !== undefined)
    if (step === undefined) return { kind: 'miss', reason }
    const { layer } = step
    const isThere =
      layer === undefined ||
      (this.#store.layers.has(layer.diffId) && (await this.#store.blobs.has(layer.descriptor.digest)))
    if (!isThere) {
      await this.#steps.delete(key)
      return { kind: 'miss', reason: 'its layer is gone from the store' }
    }
    const used = { ...step, lastUsedAt: this.#now().toISOString(), usageCount: (step.usageCount ?? 0) + 1 }
    void this.#steps.put(key, used).catch(() => undefined)
    void this.#lastTimes.put(place, { parts: digested(parts) }).catch(() => undefined)
    return { kind: 'hit', step }
  }

  /** Nobody waits for the disk: what a crash takes away is made anew. */
  put(place: string, parts: KeyParts, layer: BuiltLayer | undefined, description: string): void {
    const at = this.#now().toISOString()
    void this.#steps.put(keyOf(parts), { layer, createdAt: at, lastUsedAt: at, description }).catch(() => undefined)
    void this.#lastTimes.put(place, { parts: digested(parts) }).catch(() => undefined)
  }

  /** The image that came of the same steps before, so that a build that changes nothing gives the same id. */
  imageFor(content: string): string | undefined {
    return this.#images.get(hash(content))?.id
  }

  noteImage(content: string, id: string): void {
    void this.#images.put(hash(content), { id }).catch(() => undefined)
  }

  list(): readonly BuildCacheEntry[] {
    const shared = this.#layersOfImages()
    return this.#steps.keys().flatMap(key => {
      const step = this.#steps.get(key)
      if (step === undefined) return []
      return {
        ID: key,
        Type: 'regular',
        Description: step.description,
        InUse: false,
        Shared: step.layer !== undefined && shared.has(step.layer.descriptor.digest),
        Size: step.layer?.descriptor.size ?? 0,
        CreatedAt: step.createdAt,
        LastUsedAt: step.lastUsedAt,
        UsageCount: step.usageCount ?? 0,
      }
    })
  }

  /** Forgets everything; answers ids and the bytes of the blobs that no image has. */
  async prune(): Promise<{ readonly ids: readonly string[]; readonly bytes: number }> {
    const used = this.#layersOfImages()
    const freed = new Map(
      this.#steps
        .list()
        .flatMap(({ layer }) => (layer === undefined || used.has(layer.descriptor.digest) ? [] : [layer.descriptor]))
        .map(({ digest, size }) => [digest, size]),
    )
    const ids = this.#steps.keys()
    await Promise.all([
      ...ids.map(id => this.#steps.delete(id)),
      ...this.#lastTimes.keys().map(key => this.#lastTimes.delete(key)),
      ...this.#images.keys().map(key => this.#images.delete(key)),
    ])
    await this.#store.collect()
    return { ids, bytes: [...freed.values()].reduce((sum, size) => sum + size, 0) }
  }

  #layersOfImages(): ReadonlySet<string> {
    const images = this.#store.catalog.table.manifests()
    return new Set(images.flatMap(image => image.manifest.layers.map(({ digest }) => digest)))
  }
}

/** The name of what a step gives. */
export const keyOf = (parts: KeyParts): string =>
  hash(JSON.stringify(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))))
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
/** Values may be secret: only digests are kept. */
const digested = (parts: KeyParts): KeyParts =>
  Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, hash(value).slice(0, 16)]))

/** Why a step is not taken from the cache, in words. Pure. */
export function reasonOf(before: KeyParts | undefined, now: KeyParts, isKnown: boolean): string {
  if (before === undefined) return isKnown ? 'known' : 'it was not built before'
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])]
  const changed = names.filter(name => before[name] !== now[name] && name !== 'files')
  if (changed.length === 0)
    return before['files'] === now['files'] ? 'its result is gone from the cache' : 'files changed'
  if (changed.includes('layers below')) return 'what is below it changed'
  const shown = changed.slice(0, 3).map(name => {
    if (before[name] === undefined) return `${name} is new`
    return now[name] === undefined ? `${name} is gone` : `${name} changed`
  })
  return changed.length > 3 ? `${shown.join(', ')} and ${changed.length - 3} more` : shown.join(', ')
}
