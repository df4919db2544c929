import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobStore, digestOf } from './blobs.ts'
import { ImageTable } from './image-table.ts'
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

const nameAnnotation = 'org.opencontainers.image.ref.name'
const containerdAnnotation = 'io.containerd.image.name'
const hiddenAnnotation = 'dev.berth.image.hidden'
const timeAnnotation = 'dev.berth.image.tagged'

/** Which images there are and what they are called: in memory, and durably as `index.json` of an OCI image layout that other tools can read. */
export class Catalog {
  readonly #root: string
  readonly #blobs: BlobStore
  readonly #table = new ImageTable()
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

  /** What can be asked of it; what changes it goes through the catalog. */
  get table(): Omit<ImageTable, 'put' | 'hide' | 'untag' | 'remove'> {
    return this.#table
  }

  get(id: string): StoredImage | undefined {
    return this.#table.get(id)
  }

  findByName(fullName: string): StoredImage | undefined {
    return this.#table.findByName(fullName)
  }

  /** Each image once, without those that only containers still hold. */
  list(): StoredImage[] {
    return this.#table.list()
  }

  /** Full names of an image, sorted. */
  names(id: string): string[] {
    return this.#table.names(id)
  }

  lastTagged(id: string): string | undefined {
    return this.names(id)
      .flatMap(name => this.#table.taggedAt(name) ?? [])
      .sort()
      .at(-1)
  }

  /** Adds an image (again), gives it names, takes these names from others. Durable when it resolves, but for the time of names that it had. */
  async put(image: StoredImage, names: readonly string[], now: Date): Promise<void> {
    const isNew = this.#table.isHidden(image.id) || names.some(name => this.#table.findByName(name) !== image)
    const isKnown = this.#table.findByManifest(image.manifestDigest) === image && !isNew
    this.#table.put(image, names, now.toISOString())
    const saved = this.#save()
    if (isKnown) saved.catch(() => undefined)
    else await saved
  }

  /** Takes all names away and shows the image no more, but keeps it. */
  async hide(id: string): Promise<void> {
    this.#table.hide(id)
    await this.#save()
  }

  async untag(name: string): Promise<void> {
    this.#table.untag(name)
    await this.#save()
  }

  /** Forgets an image and all its names. */
  async remove(id: string): Promise<void> {
    this.#table.remove(id)
    await this.#save()
  }

  async #adopt(descriptor: Descriptor): Promise<string | undefined> {
    try {
      const image = await readStoredImage(this.#blobs, descriptor.digest)
      const name = descriptor.annotations?.[nameAnnotation]
      this.#table.put(image, name === undefined ? [] : [name], descriptor.annotations?.[timeAnnotation] ?? '')
      if (descriptor.annotations?.[hiddenAnnotation] === 'true') this.#table.hide(image.id)
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
    const table = this.#table
    const manifests = table.manifests().flatMap(image => {
      if (table.isHidden(image.id)) return [{ ...descriptorOf(image), annotations: { [hiddenAnnotation]: 'true' } }]
      const names = table.names(image.id).filter(name => table.findByName(name) === image)
      return names.length === 0
        ? [descriptorOf(image)]
        : names.map(name => ({
            ...descriptorOf(image),
            annotations: {
              [nameAnnotation]: name,
              [containerdAnnotation]: name,
              [timeAnnotation]: table.taggedAt(name) ?? '',
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
