import { createReadStream } from 'node:fs'
import { BerthError } from '../../schemas/errors.ts'
import { descriptorOf, type StoredImage } from './catalog.ts'
import { shown } from './load.ts'
import { findImage } from './lookup.ts'
import { type Index, mediaTypes } from './oci.ts'
import type { ImageService } from './service.ts'
import { formatHeader, padding } from './tar/header.ts'

interface SavedImage {
  readonly image: StoredImage
  /** Full names that it gets in the archive. */
  readonly names: readonly string[]
}

/** Which images `docker save` means: a name alone brings all tags that were asked for, an id none. Throws NOT_FOUND before anything is written. */
export function selectForSave(service: ImageService, references: readonly string[]): SavedImage[] {
  if (references.length === 0) throw new BerthError('INVALID_ARGUMENT', 'no image was named')
  const byId = new Map<string, { image: StoredImage; names: Set<string> }>()
  for (const reference of references) {
    const { image, name } = findToSave(service, reference)
    const saved = byId.get(image.id) ?? { image, names: new Set() }
    if (name !== undefined) saved.names.add(name)
    byId.set(image.id, saved)
  }
  return [...byId.values()].map(({ image, names }) => ({ image, names: [...names] }))
}

/** dockerd names here what was asked for, without the tag that it looked for. */
function findToSave(service: ImageService, reference: string): ReturnType<typeof findImage> {
  try {
    return findImage(service.store.catalog, reference)
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'NOT_FOUND') throw error
    throw new BerthError('NOT_FOUND', `No such image: ${reference}`, { cause: error })
  }
}

/**
 * An archive that both `docker load` and OCI tools read: an OCI layout with a `manifest.json` beside it, as dockerd 25 and later write it.
 * The caller holds a lease while it reads.
 */
export async function* saveImages(
  service: ImageService,
  saved: readonly SavedImage[],
): AsyncGenerator<Buffer, void, undefined> {
  const written = new Set<string>()
  yield* writeFolder('blobs/')
  yield* writeFolder('blobs/sha256/')
  for (const { image } of saved) {
    const layers = image.manifest.layers.map(layer => layer.digest)
    for (const digest of [...layers, image.id, image.manifestDigest]) {
      if (written.has(digest)) continue
      written.add(digest)
      yield* writeBlob(service, digest)
    }
  }
  yield* writeDocument('index.json', indexOf(saved))
  yield* writeDocument('manifest.json', saved.map(archiveEntry))
  yield* writeDocument('oci-layout', { imageLayoutVersion: '1.0.0' })
  yield Buffer.alloc(1024)
}

function indexOf(saved: readonly SavedImage[]): Index {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: saved.flatMap(({ image, names }) => {
      const descriptor = descriptorOf(image)
      if (names.length === 0) return [descriptor]
      return names.map(name => ({
        ...descriptor,
        annotations: {
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
        },
      }))
    }),
  }
}

function archiveEntry({ image, names }: SavedImage) {
  return {
    Config: blobName(image.id),
    RepoTags: names.length === 0 ? null : names.map(shown),
    Layers: image.manifest.layers.map(layer => blobName(layer.digest)),
  }
}

async function* writeBlob(service: ImageService, digest: string): AsyncGenerator<Buffer, void, undefined> {
  const size = await service.store.blobs.size(digest)
  yield formatHeader(blobName(digest), size)
  for await (const piece of createReadStream(service.store.blobs.path(digest), { highWaterMark: 1024 * 1024 })) {
    yield piece as Buffer
  }
  yield padding(size)
}

function* writeDocument(name: string, value: unknown): Generator<Buffer, void, undefined> {
  const content = Buffer.from(JSON.stringify(value))
  yield Buffer.concat([formatHeader(name, content.length), content, padding(content.length)])
}

function* writeFolder(name: string): Generator<Buffer, void, undefined> {
  yield formatHeader(name, 0, 'directory')
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}
