import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, Readable } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { BerthError } from '../../schemas/errors.ts'
import type { TakeOver } from './exchange.ts'

/**
 * Docker's hijack: a request that turns its connection into a bare two-way stream (attach, exec start).
 *
 * With an Upgrade header Node fires `upgrade` and gives the body UNPARSED: what the parser had read comes as `head`, the rest is still on
 * the socket. So the body is cut off here by Content-Length, and what follows it is the first of the stream.
 */
export interface UpgradedRequest {
  readonly body: Readable
  readonly response: ServerResponse
  readonly takeOver: TakeOver
  /** Answers the WebSocket handshake (RFC 6455) and gives the messages as one stream, ours being binary. */
  readonly takeOverWebSocket: () => Promise<Duplex>
}

export function acceptUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): UpgradedRequest {
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  // Whatever else is answered here ends the connection: the parser is gone.
  response.shouldKeepAlive = false
  response.once('finish', () => {
    response.detachSocket(socket)
    socket.end()
  })
  const body = new BodyOfLength(socket, head, contentLength(request))
  return {
    body,
    response,
    takeOver: contentType => {
      response.detachSocket(socket)
      body.detach()
      socket.write(
        `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade ?? 'tcp'}\r\n\r\n`,
      )
      return socket
    },
    takeOverWebSocket: () => {
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') return Promise.reject(noWebSocket())
      response.detachSocket(socket)
      body.detach()
      return acceptWebSocket(request, socket)
    },
  }
}

/** Largest message of a client: its input, typed or piped. */
const maxMessageBytes = 1024 * 1024
const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: maxMessageBytes })

function acceptWebSocket(request: IncomingMessage, socket: Socket): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // A handshake that is refused is answered by the library, which closes the connection.
    socket.once('close', () => reject(new BerthError('CANCELLED', 'the client closed the connection')))
    // What came behind the request is on the socket again already.
    webSockets.handleUpgrade(request, socket, Buffer.alloc(0), client => resolve(createWebSocketStream(client)))
  })
}

export const noWebSocket = (): BerthError =>
  new BerthError('INVALID_ARGUMENT', 'expected a WebSocket handshake (Upgrade: websocket)')

/**
 * For clients that hijack without an Upgrade header (docker-py, old CLIs): the request has been parsed as usual, the parser is still on the socket.
 * `detachSocket` alone would leave it there, and bytes of the client's stdin would be parsed as further requests.
 */
export function takeOverPlain(request: IncomingMessage, response: ServerResponse): TakeOver {
  return (): Duplex => {
    const socket = request.socket
    response.detachSocket(socket)
    socket.removeAllListeners('data')
    socket.removeAllListeners('end')
    socket.setTimeout(0)
    // dockerd names no other type here, whatever the stream is.
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n')
    return socket
  }
}

function contentLength(request: IncomingMessage): number {
  if (request.headers['transfer-encoding'] !== undefined) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      'a request with an Upgrade header must have a Content-Length, not a Transfer-Encoding',
    )
  }
  const length = Number(request.headers['content-length'] ?? 0)
  if (!Number.isSafeInteger(length) || length < 0) throw new BerthError('INVALID_ARGUMENT', 'invalid Content-Length')
  return length
}

/** The first `length` bytes of head and socket; the rest goes back to the socket. */
class BodyOfLength extends Readable {
  readonly #socket: Socket
  #left: number
  #isReading = false

  constructor(socket: Socket, head: Buffer, length: number) {
    super()
    this.#socket = socket
    this.#left = length
    if (head.length > 0) socket.unshift(head)
  }

  override _read(): void {
    if (this.#left === 0) {
      this.push(null)
      return
    }
    if (this.#isReading) return
    this.#isReading = true
    this.#socket.on('data', this.#onData)
    this.#socket.once('end', this.#onEnd)
    this.#socket.resume()
  }

  /** Stops touching the socket. */
  detach(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    const mine = chunk.subarray(0, this.#left)
    this.#left -= mine.length
    if (this.#left > 0) {
      this.push(mine)
      return
    }
    this.detach()
    this.#socket.pause()
    if (chunk.length > mine.length) this.#socket.unshift(chunk.subarray(mine.length))
    this.push(mine)
    this.push(null)
  }

  readonly #onEnd = (): void => {
    this.destroy(new BerthError('CANCELLED', 'the client closed the connection within its request body'))
  }
}
