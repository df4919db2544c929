import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import type { Descriptor } from './oci.ts'

export interface Blob {
  readonly digest: string
  readonly size: number
}

/** Largest manifest or configuration that is read into memory. */
export const maxDocumentBytes = 8 * 1024 * 1024

/**
 * Content by digest: `<root>/blobs/sha256/<hex>`, an OCI image layout's blobs. A file with such a name was hashed while it was written, before it got
 * the name; half-written ones live in `<root>/ingest` and are removed at start.
 */
export class BlobStore {
  readonly #blobs: string
  readonly #ingest: string

  constructor(root: string) {
    this.#blobs = join(root, 'blobs', 'sha256')
    this.#ingest = join(root, 'ingest')
  }

  /** Makes the folders and forgets interrupted writes. */
  async open(): Promise<void> {
    await rm(this.#ingest, { recursive: true, force: true })
    await mkdir(this.#blobs, { recursive: true, mode: 0o700 })
    await mkdir(this.#ingest, { recursive: true, mode: 0o700 })
  }

  path(digest: string): string {
    return join(this.#blobs, hexOf(digest))
  }

  async has(digest: string): Promise<boolean> {
    return access(this.path(digest), constants.F_OK).then(
      () => true,
      () => false,
    )
  }

  async size(digest: string): Promise<number> {
    return (await stat(this.path(digest))).size
  }

  /** Stores a stream. With `expected`, anything else than its digest and size is refused with INVALID_ARGUMENT and leaves nothing. */
  async ingest(content: AsyncIterable<Buffer>, expected?: Partial<Blob>): Promise<Blob> {
    const temporary = join(this.#ingest, randomBytes(12).toString('hex'))
    const file = await open(temporary, 'wx', 0o600)
    try {
      const hash = createHash('sha256')
      let size = 0
      for await (const piece of content) {
        size += piece.length
        if (expected?.size !== undefined && size > expected.size) throw wrongSize(expected.size, size)
        hash.update(piece)
        for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
      }
      if (expected?.size !== undefined && size !== expected.size) throw wrongSize(expected.size, size)
      const digest = `sha256:${hash.digest('hex')}`
      if (expected?.digest !== undefined && digest !== expected.digest) throw wrongDigest(expected.digest, digest)
      await rename(temporary, this.path(digest))
      return { digest, size }
    } catch (error) {
      await rm(temporary, { force: true })
      throw explainDisk(error)
    } finally {
      await file.close()
    }
  }

  /** Stores a document. */
  async put(content: Buffer): Promise<Blob> {
    const digest = digestOf(content)
    if (!(await this.has(digest))) {
      const temporary = join(this.#ingest, randomBytes(12).toString('hex'))
      await writeFile(temporary, content, { mode: 0o600, flush: true }).catch(async (error: unknown) => {
        await rm(temporary, { force: true })
        throw explainDisk(error)
      })
      await rename(temporary, this.path(digest))
    }
    return { digest, size: content.length }
  }

  /** Reads a document and checks that it still is what its name says. */
  async readDocument(digest: string): Promise<Buffer> {
    const { size } = await stat(this.path(digest)).catch((cause: unknown) => {
      throw new BerthError('NOT_FOUND', `the image store has no blob ${digest}`, { cause })
    })
    if (size > maxDocumentBytes) throw tooLong(digest)
    const content = await readFile(this.path(digest))
    const found = digestOf(content)
    if (found !== digest) throw wrongDigest(digest, found)
    return content
  }

  async list(): Promise<string[]> {
    return (await readdir(this.#blobs)).map(hex => `sha256:${hex}`)
  }

  async remove(digest: string): Promise<void> {
    await rm(this.path(digest), { force: true })
  }
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** Checks a document against the descriptor that led to it. */
export function verifyDocument(content: Buffer, descriptor: Pick<Descriptor, 'digest' | 'size'>): void {
  if (content.length !== descriptor.size) throw wrongSize(descriptor.size, content.length)
  const found = digestOf(content)
  if (found !== descriptor.digest) throw wrongDigest(descriptor.digest, found)
}

export function tooLong(what: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `${what} is longer than ${maxDocumentBytes} bytes`)
}

/** A full disk is the user's to mend, not a defect. */
export function explainDisk(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new BerthError('NO_SPACE', 'no space is left for images on the disk of the data root', {
    cause: error,
    hint: 'remove images (berth image prune) or make room',
  })
}

function hexOf(digest: string): string {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest)
  if (match?.[1] === undefined) throw new BerthError('INVALID_ARGUMENT', `invalid digest "${digest}"`)
  return match[1]
}

export function wrongDigest(expected: string, found: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `content does not match its digest: expected ${expected}, found ${found}`)
}

function wrongSize(expected: number, found: number): BerthError {
  return new BerthError(
    'INVALID_ARGUMENT',
    `content does not match its size: expected ${expected} bytes, found ${found}`,
  )
}
