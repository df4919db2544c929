import type { StoredImage } from './catalog.ts'

interface Tagged {
  readonly manifestDigest: string
  readonly taggedAt: string
}

/**
 * Which images there are and what they are called. An image is its configuration; it may have come in several ways, each with a manifest (and blobs) of
 * its own: the name keeps the one that it was pulled, loaded or pushed with, so that this name's digest stays what it was.
 */
export class ImageTable {
  readonly #manifests = new Map<string, StoredImage>()
  /** By image: the manifest that is meant when no name is. */
  readonly #primary = new Map<string, string>()
  /** By full name, e.g. `docker.io/library/busybox:latest`. */
  readonly #references = new Map<string, Tagged>()
  /** Deleted by force while stopped containers have them: kept for these, shown to nobody. */
  readonly #hidden = new Set<string>()

  get(id: string): StoredImage | undefined {
    return this.#manifests.get(this.#primary.get(id) ?? '')
  }

  /** Each image once, without those that only containers still hold. */
  list(): StoredImage[] {
    return [...this.#primary.keys()].flatMap(id => (this.#hidden.has(id) ? [] : (this.get(id) ?? [])))
  }

  /** Everything that is to be kept: an image as often as it has manifests. */
  manifests(): StoredImage[] {
    return [...this.#manifests.values()]
  }

  isHidden(id: string): boolean {
    return this.#hidden.has(id)
  }

  findByName(fullName: string): StoredImage | undefined {
    return this.#manifests.get(this.#references.get(fullName)?.manifestDigest ?? '')
  }

  findByManifest(digest: string): StoredImage | undefined {
    const found = this.#manifests.get(digest)
    return found === undefined || this.#hidden.has(found.id) ? undefined : found
  }

  /** Images whose id begins with these hex digits. */
  findByPrefix(hex: string): StoredImage[] {
    return this.list().filter(image => image.id.startsWith(`sha256:${hex}`))
  }

  /** Full names of an image, sorted. */
  names(id: string): string[] {
    return [...this.#references.keys()].filter(name => this.findByName(name)?.id === id).sort()
  }

  taggedAt(fullName: string): string | undefined {
    return this.#references.get(fullName)?.taggedAt
  }

  /** Adds an image (again), gives it names, takes these names from others. */
  put(image: StoredImage, names: readonly string[], taggedAt: string): void {
    const losers = names.flatMap(name => this.findByName(name)?.id ?? [])
    this.#manifests.set(image.manifestDigest, Object.freeze(image))
    this.#primary.set(image.id, image.manifestDigest)
    this.#hidden.delete(image.id)
    for (const name of names) this.#references.set(name, { manifestDigest: image.manifestDigest, taggedAt })
    for (const id of new Set([image.id, ...losers])) this.#tidy(id)
  }

  /** Takes all names away and shows the image no more, but keeps it. */
  hide(id: string): void {
    for (const name of this.names(id)) this.#references.delete(name)
    this.#hidden.add(id)
    this.#tidy(id)
  }

  untag(name: string): void {
    const image = this.findByName(name)
    this.#references.delete(name)
    if (image !== undefined) this.#tidy(image.id)
  }

  /** Forgets an image and all its names. */
  remove(id: string): void {
    this.hide(id)
    this.#manifests.delete(this.#primary.get(id) ?? '')
    this.#primary.delete(id)
    this.#hidden.delete(id)
  }

  /** Manifests that no name has go; one stays in any case. */
  #tidy(id: string): void {
    const named = new Set(this.names(id).flatMap(name => this.#references.get(name)?.manifestDigest ?? []))
    const primary = this.#primary.get(id) ?? ''
    const kept = named.size === 0 || named.has(primary) ? primary : ([...named].at(-1) ?? primary)
    this.#primary.set(id, kept)
    for (const [digest, image] of this.#manifests) {
      if (image.id === id && digest !== kept && !named.has(digest)) this.#manifests.delete(digest)
    }
  }
}
