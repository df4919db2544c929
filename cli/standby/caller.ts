import type { Socket } from 'node:net'
import { Readable, Writable } from 'node:stream'
import type { Input, Output } from '../ui/streams.ts'
import { encodeFrame, fromStandby, payloadMax } from './frames.ts'

/** One of the caller's output streams. A write has happened when the socket has taken it, so a slow caller slows the run down. */
export class CallerOutput extends Writable implements Output {
  readonly isTTY: boolean
  columns: number | undefined
  rows: number | undefined
  readonly #socket: Socket
  readonly #type: string

  constructor(socket: Socket, type: string, isTTY: boolean) {
    super({ decodeStrings: true })
    this.#socket = socket
    this.#type = type
    this.isTTY = isTTY
  }

  /** The terminal's size in characters. */
  setSize(rows: number, columns: number): void {
    if (!this.isTTY || (rows === this.rows && columns === this.columns)) return
    this.rows = rows
    this.columns = columns
    this.emit('resize')
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const parts: Buffer[] = []
    for (let at = 0; at < chunk.length; at += payloadMax)
      parts.push(encodeFrame(this.#type, chunk.subarray(at, at + payloadMax)))
    // A caller that has gone interrupts the run; what is still written is nobody's.
    if (this.#socket.destroyed) done()
    else this.#socket.write(Buffer.concat(parts), () => done())
  }
}

/** The caller's standard input, a chunk at a time: each is asked for when the last one has been used. */
export class CallerInput extends Readable implements Input {
  readonly isTTY: boolean
  readonly #socket: Socket

  constructor(socket: Socket, isTTY: boolean) {
    super()
    this.#socket = socket
    this.isTTY = isTTY
  }

  /** What the caller sent; empty = the end. */
  receive(chunk: Buffer): void {
    this.push(chunk.length === 0 ? null : Buffer.from(chunk))
  }

  setRawMode(isRaw: boolean): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeFrame(fromStandby.raw, Buffer.from([isRaw ? 1 : 0])))
  }

  override _read(): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeFrame(fromStandby.want, Buffer.alloc(0)))
  }
}
