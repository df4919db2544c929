import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { BerthError } from '../../schemas/errors.ts'
import type { Logger } from '../log.ts'
import { checkAdmission } from './admission.ts'
import { errorReply, isDefect } from './errors.ts'
import { type CommonHeaders, Exchange, type ExchangeParts } from './exchange.ts'
import { bindSocket, type ListenTarget } from './listen.ts'
import type { Route } from './route.ts'
import { createRouter, type Router } from './router.ts'
import { acceptUpgrade, noWebSocket, takeOverPlain } from './upgrade.ts'
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
    const options = {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headerTimeoutMs,
      // Bodies may be archives of any size and streams of any length.
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      noDelay: true,
    }
    const server = target.kind === 'tcp' ? createTlsServer({ ...options, ...target.tls.server }) : createServer(options)
    const names = target.kind === 'tcp' ? target.tls.names : undefined
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request, response) => {
      const takeOver = takeOverPlain(request, response)
      const takeOverWebSocket = () => Promise.reject(noWebSocket())
      void this.#serve(request, response, { body: request, takeOver, takeOverWebSocket }, names)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head, names),
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

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer, names: ReadonlySet<string> | undefined): void {
    // From here on nobody else listens for errors of this connection.
    socket.on('error', () => socket.destroy())
    try {
      const { response, ...connection } = acceptUpgrade(request, socket, head)
      void this.#serve(request, response, connection, names)
    } catch (error) {
      const reply = errorReply(error)
      socket.end(`HTTP/1.1 ${reply.status} Bad Request\r\nConnection: close\r\n\r\n${JSON.stringify(reply.body)}\n`)
    }
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Pick<ExchangeParts, 'body' | 'takeOver' | 'takeOverWebSocket'>,
    names: ReadonlySet<string> | undefined,
  ): Promise<void> {
    const url = request.url ?? '/'
    const queryAt = url.indexOf('?')
    const parts = {
      request,
      response,
      ...connection,
      headers: this.#headers,
      search: queryAt === -1 ? '' : url.slice(queryAt + 1),
    }
    let exchange = new Exchange({ ...parts, version: maxApiVersion, path: url, params: {} })
    try {
      checkAdmission(request.headers, names)
      const { version, path } = splitVersion(queryAt === -1 ? url : url.slice(0, queryAt))
      if (request.method === 'OPTIONS') {
        exchange.send({ status: 200 })
        return
      }
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
