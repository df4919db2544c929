import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { Logger } from '../log.ts'
import { errorReply, isDefect } from './errors.ts'
import { type CommonHeaders, Exchange, type TakeOver } from './exchange.ts'
import { bindSocket, type ListenTarget } from './listen.ts'
import type { Route } from './route.ts'
import { createRouter, type Router } from './router.ts'
import { acceptUpgrade, takeOverPlain } from './upgrade.ts'
import { formatVersion, maxApiVersion, splitVersion } from './version.ts'

export interface ApiServerOptions {
  readonly routes: readonly Route[]
  readonly log: Logger
  /** Berth's version, for the Server header. */
  readonly version: string
}

const maxHeaderBytes = 64 * 1024
const headerTimeoutMs = 10_000
const idleTimeoutMs = 60_000

/** HTTP/1.1 server of the Engine API; knows no resource. */
export class ApiServer {
  readonly #router: Router
  readonly #log: Logger
  readonly #headers: CommonHeaders
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  constructor(options: ApiServerOptions) {
    this.#router = createRouter(options.routes)
    this.#log = options.log
    this.#headers = [
      'Api-Version',
      formatVersion(maxApiVersion),
      'Docker-Experimental',
      'false',
      'Ostype',
      'linux',
      'Server',
      `Berth/${options.version} (linux)`,
    ]
  }

  async listen(target: ListenTarget): Promise<void> {
    const server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headerTimeoutMs,
      // Bodies may be archives of any size and streams of any length.
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      noDelay: true,
    })
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request, response) => {
      void this.#serve(request, response, request, takeOverPlain(request, response))
    })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head),
    )
    await bindSocket(server, target)
    this.#servers.push(server)
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const closed = this.#servers.map(server => new Promise<void>(resolve => server.close(() => resolve())))
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // From here on nobody else listens for errors of this connection.
    socket.on('error', () => socket.destroy())
    try {
      const { body, response, takeOver } = acceptUpgrade(request, socket, head)
      void this.#serve(request, response, body, takeOver)
    } catch (error) {
      const reply = errorReply(error)
      socket.end(`HTTP/1.1 ${reply.status} Bad Request\r\nConnection: close\r\n\r\n${JSON.stringify(reply.body)}\n`)
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse, body: Readable, takeOver: TakeOver): Promise<void> {
    const url = request.url ?? '/'
    const queryAt = url.indexOf('?')
    const parts = {
      request,
      response,
      body,
      takeOver,
      headers: this.#headers,
      search: queryAt === -1 ? '' : url.slice(queryAt + 1),
    }
    let exchange = new Exchange({ ...parts, version: maxApiVersion, path: url, params: {} })
    try {
      const { version, path } = splitVersion(queryAt === -1 ? url : url.slice(0, queryAt))
      const match = this.#router(request.method ?? 'GET', path)
      // dockerd answers an unknown method on a known path the same way.
      if (match === 'no-path' || match === 'no-method') throw new BerthError('NOT_FOUND', 'page not found')
      exchange = new Exchange({ ...parts, version, path, params: match.params })
      const reply = await match.route.handle(exchange)
      if (reply !== undefined) exchange.send(reply)
    } catch (error) {
      if (isDefect(error)) this.#log.error({ method: request.method, url, err: error }, 'request failed')
      if (exchange.hijacked !== undefined) exchange.hijacked.destroy()
      else if (!response.destroyed) exchange.send(errorReply(error))
    }
  }
}
