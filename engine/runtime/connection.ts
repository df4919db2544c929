import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { TraceStage } from '../../schemas/api/berth.ts'
import { BerthError, type ErrorCode } from '../../schemas/errors.ts'
import { Answer, type NativeFailure } from '../../schemas/runtime/frame.ts'
import { encodeFrame, FrameDecoder } from './frames.ts'
import { currentTrace, monotonicNs, type Trace } from './trace.ts'
import { connectUnixSocket } from './unix-socket.ts'

interface Waiter {
  readonly resolve: (ok: never) => void
  readonly reject: (error: unknown) => void
  readonly op: string
  /** When the request belongs to a trace: that, and when it was sent. */
  readonly trace: { readonly of: Trace; readonly sentNs: number } | undefined
}

/** The processes that stamp their answers, by the name of the connection. */
const stamping: Readonly<Record<string, TraceStage['Process']>> = {
  spawner: 'spawner',
  netd: 'netd',
  'the monitor': 'monitor',
}

/** A failure that a native process answered: `cause` of the BerthError, for callers that branch on errno. */
export class NativeError extends BerthError {
  readonly failure: NativeFailure
  constructor(code: ErrorCode, message: string, failure: NativeFailure) {
    super(code, message)
    this.failure = failure
  }
}

/**
 * Requests, answers and events over one connection to a native process (spawner, monitor, netd, layer).
 * Any number of requests may be in flight; a connection that ends fails all of them with UNAVAILABLE.
 */
export class NativeConnection {
  readonly #input: Readable
  readonly #output: Writable
  readonly #peer: string
  readonly #decoder = new FrameDecoder()
  readonly #waiting = new Map<number, Waiter>()
  readonly #listeners = new Set<(message: Readonly<Record<string, unknown>>) => void>()
  readonly #onData: (chunk: Buffer) => void
  #lastId = 0
  /** Request whose answer ends the framing. */
  #lastFramedId: number | undefined
  #isUnframed = false
  #closed: BerthError | undefined
  readonly #closeListeners = new Set<(reason: BerthError) => void>()

  private constructor(input: Readable, output: Writable, peer: string) {
    this.#input = input
    this.#output = output
    this.#peer = peer
    this.#onData = chunk => this.#receive(chunk)
    input.on('data', this.#onData)
    input.once('close', () => this.#end())
    input.once('end', () => this.#end())
    input.on('error', cause => this.#end(cause))
    if (output !== (input as unknown)) output.on('error', cause => this.#end(cause))
  }

  /** `peer` names the other side in error messages. */
  static over(input: Readable, output: Writable, peer: string): NativeConnection {
    return new NativeConnection(input, output, peer)
  }

  /** Connects to a UNIX socket; rejects with UNAVAILABLE when nobody listens. */
  static async connect(path: string, peer: string): Promise<NativeConnection> {
    const socket = await connectUnixSocket(path, peer)
    return new NativeConnection(socket, socket, peer)
  }

  /** Sends `{id, ...message}`; resolves with the answer's `ok`, rejects with a NativeError. */
  request<T = Readonly<Record<string, unknown>>>(
    message: { readonly op: string } & Readonly<Record<string, unknown>>,
  ): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    const id = ++this.#lastId
    const of = stamping[this.#peer] === undefined ? undefined : currentTrace()
    return new Promise<T>((resolve, reject) => {
      const trace = of && { of, sentNs: monotonicNs() }
      this.#waiting.set(id, { resolve, reject, op: message.op, trace })
      this.#output.write(encodeFrame({ id, ...message, ...(trace && { trace: true }) }))
    })
  }

  /** Like `request`, for ops whose answer is the last frame: what follows is left for `takeSocket`. */
  requestLast<T = Readonly<Record<string, unknown>>>(
    message: { readonly op: string } & Readonly<Record<string, unknown>>,
  ): Promise<T> {
    this.#lastFramedId = this.#lastId + 1
    return this.request<T>(message)
  }

  /** Sends raw bytes behind the frames (an archive for `unpack`); see `socket` for streams. */
  get output(): Writable {
    return this.#output
  }

  /** Messages that answer no request. Returns the function that ends the subscription. */
  onEvent(listener: (message: Readonly<Record<string, unknown>>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Told once when the connection has ended. */
  onClose(listener: (reason: BerthError) => void): void {
    if (this.#closed === undefined) this.#closeListeners.add(listener)
    else listener(this.#closed)
  }

  /**
   * Ends the framing (after the answer of `attach` or `pack`): the caller owns the socket from now on.
   * `rest` holds bytes that came right behind the answer.
   */
  takeSocket(): { readonly socket: Socket; readonly rest: Buffer } {
    this.#input.off('data', this.#onData)
    this.#input.pause()
    this.#input.removeAllListeners('end')
    this.#input.removeAllListeners('close')
    this.#input.removeAllListeners('error')
    return { socket: this.#input as Socket, rest: this.#decoder.takeRest() }
  }

  close(): void {
    this.#input.destroy()
    this.#output.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk)
    try {
      // A listener or an answered caller may take the socket: bytes behind that frame are not ours to parse.
      for (let message = this.#decoder.next(); message !== undefined; message = this.#decoder.next()) {
        this.#dispatch(message as Readonly<Record<string, unknown>>)
        if (this.#isUnframed) return
      }
    } catch (cause) {
      this.#end(cause instanceof Error ? cause : new Error(String(cause)))
      this.close()
    }
  }

  #dispatch(message: Readonly<Record<string, unknown>>): void {
    if (!('id' in message)) {
      for (const listener of this.#listeners) listener(message)
      return
    }
    const answer = Answer.parse(message)
    const waiter = this.#waiting.get(answer.id)
    if (waiter === undefined) return
    this.#waiting.delete(answer.id)
    const process = stamping[this.#peer]
    if (waiter.trace && process) waiter.trace.of.addStamps(process, answer.trace ?? [], waiter.trace.sentNs)
    if ('ok' in answer) {
      if (answer.id === this.#lastFramedId) {
        this.#isUnframed = true
        this.#input.pause()
      }
      waiter.resolve(answer.ok as never)
    } else {
      waiter.reject(toError(this.#peer, waiter.op, answer.error))
    }
  }

  #end(cause?: Error): void {
    if (this.#closed !== undefined) return
    const reason = new BerthError(
      'UNAVAILABLE',
      `the connection to ${this.#peer} ended${cause === undefined ? '' : `: ${cause.message}`}`,
      {
        cause,
      },
    )
    this.#closed = reason
    for (const waiter of this.#waiting.values()) waiter.reject(reason)
    this.#waiting.clear()
    for (const listener of this.#closeListeners) listener(reason)
    this.#closeListeners.clear()
  }
}

/** errno values of Linux that change what a caller does. */
const codeOfErrno: Readonly<Record<number, ErrorCode>> = {
  2: 'NOT_FOUND',
  3: 'CONFLICT',
  13: 'FORBIDDEN',
  22: 'INVALID_ARGUMENT',
  28: 'NO_SPACE',
  98: 'CONFLICT',
  122: 'NO_SPACE',
}

function toError(peer: string, op: string, failure: NativeFailure): NativeError {
  const message = failure.message === '' ? `${peer}: ${op} failed at ${failure.stage}` : failure.message
  return new NativeError(codeOfErrno[failure.errno] ?? 'INTERNAL', message, failure)
}
