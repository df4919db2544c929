import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { type Blob, type BlobStore, maxDocumentBytes, tooLong } from './blobs.ts'
import { type ScannedEntry, scanTar } from './tar/scan.ts'
import { type ByteSource, fileSource } from './tar/source.ts'

/** An image archive or layout: named documents and named contents. Names are those inside the archive, e.g. `blobs/sha256/…`. */
export interface ImageArchive {
  /** A JSON document, or undefined when there is none of the name. */
  readDocument(name: string): Promise<Buffer | undefined>
  /** Brings a content into the blob store (hashed on the way) and tells what it is. `likely`: its digest if it is stored uncompressed. */
  storeBlob(name: string, likely?: string): Promise<Blob>
  close(): Promise<void>
}

/** Most entries of an image archive (not of its layers). */
const maxArchiveEntries = 20_000
/** Up to this size a content of a streamed archive is held in memory until its meaning is known. */
const maxHeldBytes = 1024 * 1024

interface Located {
  readonly offset: number
  readonly size: number
}

type Node<T> = { readonly target: string } | { readonly content: T }

/** Names to contents, links followed. */
class ArchiveIndex<T> {
  readonly #nodes = new Map<string, Node<T>>()

  add(entry: ScannedEntry, content: T): void {
    this.#put(normalise(entry.name), { content })
  }

  addLink(entry: ScannedEntry): void {
    const name = normalise(entry.name)
    const target = entry.type === 'symlink' ? posix.join(posix.dirname(name), entry.linkName) : entry.linkName
    this.#put(name, { target: normalise(target) })
  }

  find(name: string): T | undefined {
    let node = this.#nodes.get(normalise(name))
    for (let hops = 0; node !== undefined && 'target' in node; hops++) {
      if (hops === 8) throw new BerthError('INVALID_ARGUMENT', `the archive’s ${name} is a link to a link without end`)
      node = this.#nodes.get(node.target)
    }
    return node?.content
  }

  #put(name: string, node: Node<T>): void {
    if (this.#nodes.size === maxArchiveEntries) {
      throw new BerthError('INVALID_ARGUMENT', `the image archive has more than ${maxArchiveEntries} entries`)
    }
    this.#nodes.set(name, node)
  }
}

/** Opens an uncompressed archive on disk: only headers are read, contents when they are asked for. */
export async function openArchiveFile(path: string, blobs: BlobStore): Promise<ImageArchive> {
  const handle = await open(path, 'r')
  try {
    const index = new ArchiveIndex<Located>()
    for await (const entry of scanTar(fileSource(handle))) {
      if (entry.type === 'file') index.add(entry, { offset: entry.offset, size: entry.size })
      else if (entry.type === 'link' || entry.type === 'symlink') index.addLink(entry)
    }
    return {
      readDocument: async name => {
        const at = index.find(name)
        return at === undefined ? undefined : readRange(handle, at, name)
      },
      storeBlob: async (name, likely) => {
        const at = index.find(name)
        if (at === undefined) throw missing(name)
        if (likely !== undefined && (await blobs.has(likely))) return { digest: likely, size: await blobs.size(likely) }
        return blobs.ingest(readPieces(path, at), { size: at.size })
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Reads a whole archive from a stream, contents into the blob store as they come by. `onBlob` hears of each at once, so that layers can be unpacked
 * while later ones are still on their way.
 */
export async function spoolArchive(
  source: ByteSource,
  blobs: BlobStore,
  onBlob: (blob: Blob) => void,
): Promise<ImageArchive> {
  const index = new ArchiveIndex<Buffer | Blob>()
  for await (const entry of scanTar(source)) {
    if (entry.type === 'link' || entry.type === 'symlink') index.addLink(entry)
    if (entry.type !== 'file') continue
    if (entry.size <= maxHeldBytes) {
      index.add(entry, await collect(entry.content()))
      continue
    }
    const blob = await blobs.ingest(entry.content(), { size: entry.size })
    index.add(entry, blob)
    onBlob(blob)
  }
  return {
    readDocument: async name => {
      const content = index.find(name)
      if (content === undefined || Buffer.isBuffer(content)) return content
      return blobs.readDocument(content.digest)
    },
    storeBlob: async name => {
      const content = index.find(name)
      if (content === undefined) throw missing(name)
      return Buffer.isBuffer(content) ? blobs.put(content) : content
    },
    close: () => Promise.resolve(),
  }
}

/** An OCI image layout in a directory of the host. */
export function openLayout(directory: string, blobs: BlobStore): ImageArchive {
  return {
    readDocument: async name => {
      const path = join(directory, name)
      const status = await stat(path).catch(() => undefined)
      if (status === undefined) return undefined
      if (status.size > maxDocumentBytes) throw tooLong(name)
      return readFile(path)
    },
    storeBlob: async (name, likely) => {
      if (likely !== undefined && (await blobs.has(likely))) return { digest: likely, size: await blobs.size(likely) }
      const path = join(directory, name)
      if ((await stat(path).catch(() => undefined))?.isFile() !== true) throw missing(name)
      return blobs.ingest(createReadStream(path, { highWaterMark: 1024 * 1024 }))
    },
    close: () => Promise.resolve(),
  }
}

function normalise(name: string): string {
  return posix.normalize(`/${name}`).slice(1)
}

async function readRange(handle: FileHandle, { offset, size }: Located, name: string): Promise<Buffer> {
  if (size > maxDocumentBytes) throw tooLong(name)
  const content = Buffer.alloc(size)
  const { bytesRead } = await handle.read(content, 0, size, offset)
  if (bytesRead !== size) throw new BerthError('INVALID_ARGUMENT', `the archive ends inside ${name}`)
  return content
}

function readPieces(path: string, { offset, size }: Located): AsyncIterable<Buffer> {
  if (size === 0) return (async function* () {})()
  return createReadStream(path, { start: offset, end: offset + size - 1, highWaterMark: 1024 * 1024 })
}

async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces)
}

function missing(name: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `the archive has no ${name}, which its manifest names`)
}
