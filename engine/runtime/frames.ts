import { maxFrameBytes } from '../../schemas/runtime/frame.ts'

/** Encodes one message: 4-byte big-endian length, then JSON. */
export function encodeFrame(message: unknown): Buffer {
  const json = JSON.stringify(message)
  const length = Buffer.byteLength(json)
  if (length > maxFrameBytes) throw new RangeError(`a message of ${length} bytes is over the limit of ${maxFrameBytes}`)
  const frame = Buffer.allocUnsafe(4 + length)
  frame.writeUInt32BE(length, 0)
  frame.write(json, 4)
  return frame
}

/** Splits a byte stream into messages, whatever the chunking. */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0)

  /** Adds bytes. */
  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
  }

  /** The next whole message, or undefined when more bytes are needed. Throws on an oversized or malformed frame. */
  next(): unknown {
    if (this.#pending.length < 4) return undefined
    const length = this.#pending.readUInt32BE(0)
    if (length > maxFrameBytes) throw new RangeError(`a frame of ${length} bytes is over the limit of ${maxFrameBytes}`)
    if (this.#pending.length < 4 + length) return undefined
    const json = this.#pending.toString('utf8', 4, 4 + length)
    this.#pending = this.#pending.subarray(4 + length)
    return JSON.parse(json)
  }

  /** Takes what is left: bytes behind the last frame, when the connection stops being framed. */
  takeRest(): Buffer {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    return rest
  }
}
