import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { type ImageArchive, openArchiveFile, openLayout, spoolArchive } from './archive.ts'
import { pickImage, readArchiveImages } from './archive-images.ts'
import type { StoredImage } from './catalog.ts'
import { decompress } from './load.ts'
import type { ImageStore } from './store.ts'
import { storeImage } from './store-image.ts'
import { streamSource } from './tar/source.ts'
import { formatTransport, type TransportReference } from './transport.ts'

type ArchiveReference = Exclude<TransportReference, { readonly kind: 'rootfs' }>

/** Loads the image behind a transport reference when it is asked for, and again only when the file has changed. */
export class Transports {
  readonly #store: ImageStore
  /** By reference: what the file looked like and which image came of it. */
  readonly #known = new Map<string, { readonly stamp: string; readonly image: Promise<StoredImage> }>()

  constructor(store: ImageStore) {
    this.#store = store
  }

  async resolve(reference: ArchiveReference, now: Date, signal?: AbortSignal): Promise<StoredImage> {
    const key = formatTransport(reference)
    const stamp = await stampOf(reference)
    const known = this.#known.get(key)
    if (known?.stamp === stamp) {
      const image = await known.image
      if (this.#store.catalog.get(image.id) !== undefined) return image
    }
    const image = this.#load(reference, now, signal)
    this.#known.set(key, { stamp, image })
    image.catch(() => this.#known.delete(key))
    return image
  }

  #load(reference: ArchiveReference, now: Date, signal: AbortSignal | undefined): Promise<StoredImage> {
    const store = this.#store
    return store.lease(async () => {
      const archive = await openArchive(store, reference)
      try {
        const images = await readArchiveImages(archive)
        const image = pickImage(images, reference.name, reference.path)
        return await storeImage(store, archive, image, { names: [], now, ...(signal === undefined ? {} : { signal }) })
      } finally {
        await archive.close()
      }
    })
  }
}

async function stampOf(reference: ArchiveReference): Promise<string> {
  const path = reference.kind === 'oci' ? join(reference.path, 'index.json') : reference.path
  const status = await stat(path, { bigint: true }).catch(() => undefined)
  if (status?.isFile() !== true) {
    throw new BerthError('NOT_FOUND', `No such image: ${formatTransport(reference)}`, {
      hint: `${path} is no file of this host`,
    })
  }
  return `${status.dev}:${status.ino}:${status.size}:${status.mtimeNs}`
}

async function openArchive(store: ImageStore, reference: ArchiveReference): Promise<ImageArchive> {
  if (reference.kind === 'oci') return openLayout(reference.path, store.blobs)
  if (await isPlain(reference.path)) return openArchiveFile(reference.path, store.blobs)
  const plain = await decompress(createReadStream(reference.path))
  return spoolArchive(streamSource(plain), store.blobs, () => undefined)
}

/** True when the file begins like a tar header rather than like a compressed stream. */
async function isPlain(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const block = Buffer.alloc(263)
    await handle.read(block, 0, block.length, 0)
    return block.toString('latin1', 257, 262) === 'ustar'
  } finally {
    await handle.close()
  }
}
