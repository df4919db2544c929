import { setMaxListeners } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import {
  type ApiVersion,
  checkJsonType,
  maxJsonBytes,
  type Parser,
  parseBody,
  type RequestContext,
  readAll,
} from './context.ts'
import type { Reply } from './route.ts'

/** Headers of every answer, as dockerd sends them. */
export type CommonHeaders = readonly string[]

/** How the connection is taken over: the `upgrade` event and a plain request need different care. */
export type TakeOver = (contentType: string) => Duplex

export interface ExchangeParts {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Readable
  readonly takeOver: TakeOver
  readonly takeOverWebSocket: () => Promise<Duplex>
  readonly version: ApiVersion
  readonly path: string
  readonly search: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: CommonHeaders
}

/** One request and its answer. Query and signal are made when first asked for: most requests need neither. */
export class Exchange implements RequestContext {
  readonly #parts: ExchangeParts
  #query: URLSearchParams | undefined
  #abort: AbortController | undefined
  #hijacked: Duplex | undefined

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  get method(): string {
    return this.#parts.request.method ?? 'GET'
  }
  get path(): string {
    return this.#parts.path
  }
  get params(): Readonly<Record<string, string>> {
    return this.#parts.params
  }
  get headers(): IncomingHttpHeaders {
    return this.#parts.request.headers
  }
  get version(): ApiVersion {
    return this.#parts.version
  }
  get body(): Readable {
    return this.#parts.body
  }
  /** The bare connection, once the handler has taken it over. */
  get hijacked(): Duplex | undefined {
    return this.#hijacked
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#parts.search)
    return this.#query
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController()
      this.#abort = abort
      // Every layer of a pull and every step of a build listens for a while: no sign of a leak, of which Node would warn from eleven on.
      setMaxListeners(0, abort.signal)
      const { response } = this.#parts
      const onClose = (): void => {
        if (!response.writableFinished) abort.abort()
      }
      if (response.destroyed || response.socket?.destroyed === true) onClose()
      else response.once('close', onClose)
    }
    return this.#abort.signal
  }

  readBody(maxBytes = maxJsonBytes): Promise<Buffer> {
    return readAll(this.#parts.body, maxBytes)
  }

  async readJson<T>(parser: Parser<T>): Promise<T> {
    checkJsonType(this.headers)
    return parseBody(await this.readBody(), parser)
  }

  stream(status: number, headers: Readonly<Record<string, string>>): ServerResponse {
    const { response } = this.#parts
    response.writeHead(status, [...this.#parts.headers, ...Object.entries(headers).flat()])
    response.flushHeaders()
    return response
  }

  hijack(contentType: string): Duplex {
    this.#hijacked = this.#parts.takeOver(contentType)
    return this.#hijacked
  }

  async webSocket(): Promise<Duplex> {
    this.#hijacked = await this.#parts.takeOverWebSocket()
    return this.#hijacked
  }

  /** Sends a handler's reply. */
  send(reply: Reply): void {
    const { response } = this.#parts
    if (response.headersSent) {
      // A stream that failed half-way: the only honest end is a broken one.
      response.destroy()
      return
    }
    const headers = [...this.#parts.headers]
    for (const [name, value] of Object.entries(reply.headers ?? {})) headers.push(name, value)
    if (reply.body === undefined) {
      if (reply.status !== 204 && reply.status !== 304) headers.push('Content-Length', '0')
      response.writeHead(reply.status, headers).end()
      return
    }
    const isText = typeof reply.body === 'string'
    const text = isText ? (reply.body as string) : `${JSON.stringify(reply.body)}\n`
    if (reply.headers?.['Content-Type'] === undefined) {
      headers.push('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/json')
    }
    headers.push('Content-Length', String(Buffer.byteLength(text)))
    response.writeHead(reply.status, headers)
    if (this.method === 'HEAD') response.end()
    else response.end(text)
  }
}
