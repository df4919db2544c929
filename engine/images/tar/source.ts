import type { FileHandle } from 'node:fs/promises'
import { malformed } from './header.ts'

/** Bytes in order, from a stream or a file. */
export interface ByteSource {
  /** Exactly `length` bytes; undefined when the end comes before the first of them. Throws when it comes in between. */
  read(length: number): Promise<Buffer | undefined>
  /** Some bytes, at most `max`; throws at the end. */
  readSome(max: number): Promise<Buffer>
  skip(length: number): Promise<void>
  /** Offset of the next byte. */
  readonly position: number
}

/** A file read by position: skipping costs nothing. */
export function fileSource(handle: FileHandle): ByteSource {
  let position = 0
  const readSome = async (max: number): Promise<Buffer> => {
    const buffer = Buffer.allocUnsafe(max)
    const { bytesRead } = await handle.read(buffer, 0, max, position)
    if (bytesRead === 0) throw truncated()
    position += bytesRead
    return buffer.subarray(0, bytesRead)
  }
  return {
    get position() {
      return position
    },
    readSome,
    read: async length => {
      const buffer = Buffer.allocUnsafe(length)
      let have = 0
      while (have < length) {
        const { bytesRead } = await handle.read(buffer, have, length - have, position)
        if (bytesRead === 0) break
        have += bytesRead
        position += bytesRead
      }
      return whole(buffer.subarray(0, have), length)
    },
    skip: length => {
      position += length
      return Promise.resolve()
    },
  }
}

/** A stream, read on demand, so that its sender is held back. */
export function streamSource(stream: AsyncIterable<Buffer>): ByteSource {
  const chunks = stream[Symbol.asyncIterator]()
  let current: Buffer = Buffer.alloc(0)
  let position = 0
  const fill = async (): Promise<boolean> => {
    while (current.length === 0) {
      const next = await chunks.next()
      if (next.done === true) return false
      current = next.value
    }
    return true
  }
  const take = (max: number): Buffer => {
    const piece = current.subarray(0, max)
    current = current.subarray(piece.length)
    position += piece.length
    return piece
  }
  return {
    get position() {
      return position
    },
    readSome: async max => {
      if (!(await fill())) throw truncated()
      return take(max)
    },
    read: async length => {
      const pieces: Buffer[] = []
      let have = 0
      while (have < length && (await fill())) {
        const piece = take(length - have)
        pieces.push(piece)
        have += piece.length
      }
      const [only] = pieces
      return whole(pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces), length)
    },
    skip: async length => {
      for (let left = length; left > 0; ) {
        if (!(await fill())) throw truncated()
        left -= take(left).length
      }
    },
  }
}

function whole(buffer: Buffer, length: number): Buffer | undefined {
  if (buffer.length === length) return buffer
  if (buffer.length === 0) return undefined
  throw truncated()
}

function truncated() {
  return malformed('it ends in the middle of an entry')
}
