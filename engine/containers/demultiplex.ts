import { Transform, type TransformCallback } from 'node:stream'

const headerBytes = 8

/** Takes the headers off a multiplexed stream: both of a container's outputs as they came, for clients that cannot tell them apart. */
export class Demultiplex extends Transform {
  #held: Buffer = Buffer.alloc(0)
  #left = 0

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    while (rest.length > 0) {
      if (this.#left === 0) {
        if (rest.length < headerBytes) break
        this.#left = rest.readUInt32BE(4)
        rest = rest.subarray(headerBytes)
        continue
      }
      const piece = rest.subarray(0, this.#left)
      this.push(piece)
      this.#left -= piece.length
      rest = rest.subarray(piece.length)
    }
    this.#held = rest
    done()
  }
}
