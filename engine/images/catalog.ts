import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobStore, digestOf } from './blobs.ts'
import { type Descriptor, ImageDocument, Index, Manifest, mediaTypes } from './oci.ts'

/** An image that the store has whole. Frozen; only its references change, and they are kept beside it. */
export interface StoredImage {
  /** Digest of the configuration. */
  readonly id: string
  readonly manifestDigest: string
  readonly manifestSize: number
  readonly manifest: Manifest
  readonly document: ImageDocument
}

interface Tagged {
  readonly id: string
  readonly taggedAt: string
}

const nameAnnotation = 'org.opencontainers.image.ref.name'
const containerdAnnotation = 'io.containerd.image.name'
const hiddenAnnotation = 'dev.berth.image.hidden'
const timeAnnotation = 'dev.berth.image.tagged'

/** Which images there are and what they are called: in memory, and durably as `index.json` of an OCI image layout that other tools can read. */
export class Catalog {
  readonly #root: string
  readonly #blobs: BlobStore
  readonly #images = new Map<string, StoredImage>()
  /** By full name, e.g. `docker.io/library/busybox:latest`. */
  readonly #references = new Map<string, Tagged>()
  /** Deleted by force while stopped containers have them: kept for these, shown to nobody. */
  readonly #hidden = new Set<string>()
  readonly #damaged: Descriptor[] = []
  #isIndexLost = false
  #saving: Promise<void> = Promise.resolve()
  #nextSave: Promise<void> | undefined

  constructor(root: string, blobs: BlobStore) {
    this.#root = root
    this.#blobs = blobs
  }

  /** Reads index.json; answers what is damaged and therefore left out. */
  async open(): Promise<readonly string[]> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    await writeFile(join(this.#root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    const text = await readFile(join(this.#root, 'index.json'), 'utf8').catch(() => undefined)
    if (text === undefined) return []
    const index = await this.#parse(text)
    if (index === undefined) return [`index.json is damaged; it was put aside, and nothing is collected`]
    const messages = await Promise.all(index.manifests.map(descriptor => this.#adopt(descriptor)))
    return messages.filter(message => message !== undefined)
  }

  /** An index that cannot be read is kept beside the new one, with everything that it may name. */
  async #parse(text: string): Promise<Index | undefined> {
    try {
      return Index.parse(JSON.parse(text))
    } catch {
      await rename(join(this.#root, 'index.json'), join(this.#root, 'index.json.damaged'))
      this.#isIndexLost = true
      return undefined
    }
  }

  /** True while index.json names images that could not be read: they stay named, and nothing is collected. */
  get hasDamage(): boolean {
    return this.#isIndexLost || this.#damaged.length > 0
  }

  get(id: string): StoredImage | undefined {
    return this.#images.get(id)
  }

  /** Without images that only containers still hold. */
  list(): StoredImage[] {
    return this.everything().filter(image => !this.#hidden.has(image.id))
  }

  everything(): StoredImage[] {
    return [...this.#images.values()]
  }

  isHidden(id: string): boolean {
    return this.#hidden.has(id)
  }

  findByName(fullName: string): StoredImage | undefined {
    const tagged = this.#references.get(fullName)
    return tagged === undefined ? undefined : this.#images.get(tagged.id)
  }

  /** Images whose id begins with these hex digits. */
  findByPrefix(hex: string): StoredImage[] {
    return this.list().filter(image => image.id.startsWith(`sha256:${hex}`))
  }

  /** Full names of an image, sorted. */
  names(id: string): string[] {
    return [...this.#references].flatMap(([name, tagged]) => (tagged.id === id ? [name] : [])).sort()
  }

  lastTagged(id: string): string | undefined {
    return [...this.#references.values()]
      .flatMap(tagged => (tagged.id === id ? [tagged.taggedAt] : []))
      .sort()
      .at(-1)
  }

  /** Adds an image (again), gives it names, takes these names from others. Durable when it resolves. */
  async put(image: StoredImage, names: readonly string[], now: Date): Promise<void> {
    if (!this.#images.has(image.id)) this.#images.set(image.id, Object.freeze(image))
    this.#hidden.delete(image.id)
    for (const name of names) this.#references.set(name, { id: image.id, taggedAt: now.toISOString() })
    await this.#save()
  }

  /** Takes all names away and shows the image no more, but keeps it. */
  async hide(id: string): Promise<void> {
    for (const name of this.names(id)) this.#references.delete(name)
    this.#hidden.add(id)
    await this.#save()
  }

  async untag(name: string): Promise<void> {
    this.#references.delete(name)
    await this.#save()
  }

  /** Forgets an image and all its names. */
  async remove(id: string): Promise<void> {
    for (const name of this.names(id)) this.#references.delete(name)
    this.#images.delete(id)
    this.#hidden.delete(id)
    await this.#save()
  }

  async #adopt(descriptor: Descriptor): Promise<string | undefined> {
    try {
      const image = await readStoredImage(this.#blobs, descriptor.digest)
      if (!this.#images.has(image.id)) this.#images.set(image.id, Object.freeze(image))
      const name = descriptor.annotations?.[nameAnnotation]
      const taggedAt = descriptor.annotations?.[timeAnnotation] ?? ''
      if (name !== undefined) this.#references.set(name, { id: image.id, taggedAt })
      if (descriptor.annotations?.[hiddenAnnotation] === 'true') this.#hidden.add(image.id)
      return undefined
    } catch (error) {
      this.#damaged.push(descriptor)
      return `${descriptor.digest}: ${error instanceof Error ? error.message : error}`
    }
  }

  /** Changes made while a save is being written share the next one. */
  #save(): Promise<void> {
    this.#nextSave ??= this.#saving
      .catch(() => undefined)
      .then(() => {
        this.#nextSave = undefined
        this.#saving = this.#write()
        return this.#saving
      })
    return this.#nextSave
  }

  async #write(): Promise<void> {
    const temporary = join(this.#root, 'index.json.tmp')
    await writeFile(temporary, JSON.stringify(this.#index()), { mode: 0o600, flush: true })
    const path = join(this.#root, 'index.json')
    await rename(temporary, path)
    const directory = await open(dirname(path), 'r')
    await directory.sync().finally(() => directory.close())
  }

  #index(): Index {
    const manifests = this.everything().flatMap(image => {
      if (this.#hidden.has(image.id)) {
        return [{ ...descriptorOf(image), annotations: { [hiddenAnnotation]: 'true' } }]
      }
      const names = this.names(image.id)
      return names.length === 0
        ? [descriptorOf(image)]
        : names.map(name => ({
            ...descriptorOf(image),
            annotations: {
              [nameAnnotation]: name,
              [containerdAnnotation]: name,
              [timeAnnotation]: this.#references.get(name)?.taggedAt ?? '',
            },
          }))
    })
    return { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...manifests, ...this.#damaged] }
  }
}

/** Descriptor of an image's manifest. */
export function descriptorOf(image: StoredImage): Descriptor {
  const { os, architecture, variant } = image.document
  return {
    mediaType: image.manifest.mediaType ?? mediaTypes.manifest,
    digest: image.manifestDigest,
    size: image.manifestSize,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
  }
}

/** Reads and checks an image's two documents from the blobs. */
export async function readStoredImage(blobs: BlobStore, manifestDigest: string): Promise<StoredImage> {
  const content = await blobs.readDocument(manifestDigest)
  const manifest = Manifest.parse(JSON.parse(content.toString('utf8')))
  const config = await blobs.readDocument(manifest.config.digest)
  return {
    id: digestOf(config),
    manifestDigest,
    manifestSize: content.length,
    manifest,
    document: ImageDocument.parse(JSON.parse(config.toString('utf8'))),
  }
}
