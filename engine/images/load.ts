import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import { type ImageArchive, spoolArchive } from './archive.ts'
import { readArchiveImages } from './archive-images.ts'
import type { StoredImage } from './catalog.ts'
import { familiarName, parseReference } from './reference.ts'
import type { ImageStore } from './store.ts'
import { storeImage } from './store-image.ts'
import { streamSource } from './tar/source.ts'

export interface LoadOptions {
  readonly now: Date
  readonly onProgress: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

/** Loads every image of an archive that arrives as a stream (`docker load`), and names them as it says. */
export async function loadStream(store: ImageStore, stream: Readable, options: LoadOptions): Promise<StoredImage[]> {
  return store.lease(async () => {
    const plain = await decompress(stream)
    const archive = await spool(store, plain, options.signal)
    try {
      return await loadAll(store, archive, options)
    } finally {
      await archive.close()
    }
  })
}

async function loadAll(store: ImageStore, archive: ImageArchive, options: LoadOptions): Promise<StoredImage[]> {
  const images = await readArchiveImages(archive)
  const loaded: StoredImage[] = []
  for (const image of images) {
    const stored = await storeImage(store, archive, image, {
      names: image.names,
      now: options.now,
      signal: options.signal,
      onLayer: diffId => {
        const size = store.layers.info(diffId)?.bytes ?? 0
        const id = diffId.slice('sha256:'.length, 'sha256:'.length + 12)
        options.onProgress({ status: 'Loading layer', id, progressDetail: { current: size, total: size } })
      },
    })
    loaded.push(stored)
    for (const name of image.names) options.onProgress({ stream: `Loaded image: ${shown(name)}\n` })
    if (image.names.length === 0) options.onProgress({ stream: `Loaded image ID: ${stored.id}\n` })
  }
  return loaded
}

/**
 * Layers are unpacked while the archive is still arriving; whether they are what the manifest wants is checked when it is known. Closing waits for
 * all of them: nothing may still be written when the lease ends.
 */
async function spool(store: ImageStore, plain: Readable, signal: AbortSignal): Promise<ImageArchive> {
  const unpacking: Promise<unknown>[] = []
  const settle = async () => {
    await Promise.all(unpacking)
  }
  try {
    const archive = await spoolArchive(streamSource(plain), store.blobs, blob => {
      const early = store.layers.ensure(blob.digest, store.blobs.path(blob.digest), signal)
      unpacking.push(early.catch(() => undefined))
    })
    return { ...archive, close: settle }
  } catch (error) {
    await settle()
    throw error
  }
}

/** Looks at the first bytes: gzip is undone here, anything else must be a plain tar. */
export async function decompress(stream: Readable): Promise<Readable> {
  const first = await firstBytes(stream)
  if (first.length >= 2 && first.readUInt16BE(0) === 0x1f8b) {
    const gunzip = createGunzip()
    stream.once('error', error => gunzip.destroy(error))
    return Readable.from(explained(stream.pipe(gunzip)), { objectMode: false })
  }
  const isForeign = [Buffer.from('BZh'), Buffer.from('\xfd7zXZ', 'latin1'), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])].some(
    magic => first.subarray(0, magic.length).equals(magic),
  )
  if (isForeign) {
    throw new BerthError('INVALID_ARGUMENT', 'the archive is compressed with something else than gzip', {
      hint: 'decompress it first; only whole archives are meant, layers inside may be zstd',
    })
  }
  return stream
}

/** What zlib finds wrong is the archive's fault. */
async function* explained(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* content
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!code.startsWith('Z_')) throw cause
    throw new BerthError('INVALID_ARGUMENT', `the gzip around the archive is damaged: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Waits for the first chunk and puts it back. */
async function firstBytes(stream: Readable): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = stream.read()
    if (chunk !== null) {
      stream.unshift(chunk)
      return chunk
    }
    if (stream.readableEnded || stream.destroyed) return Buffer.alloc(0)
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        stream.off('readable', settle)
        stream.off('end', settle)
        stream.off('error', reject)
        resolve()
      }
      stream.once('readable', settle)
      stream.once('end', settle)
      stream.once('error', reject)
    })
  }
}

/** `busybox:latest` of `docker.io/library/busybox:latest`. */
export function shown(name: string): string {
  return familiarName(parseReference(name))
}
