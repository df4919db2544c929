import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineAddress } from './address.ts'
import type { EngineClient, EngineFacts, EngineRequest, EngineResponse, HijackedStream } from './engine-client.ts'
import { connectionError, engineError } from './engine-error.ts'
import { createTransport, type Transport } from './transport.ts'
import { negotiateVersion } from './version.ts'

/** A client of the engine at `address`. Nothing is sent before the first call, which starts with HEAD /_ping. */
export function createClient(address: EngineAddress): EngineClient {
  const transport = createTransport(address)
  const host = address.text
  let pending: Promise<EngineFacts> | undefined
  const facts = (signal?: AbortSignal): Promise<EngineFacts> => {
    // A failed ping is not remembered: the engine may be there on the next call.
    pending ??= ping(transport, host, signal).catch(error => {
      pending = undefined
      throw error
    })
    return pending
  }
  const pathOf = async (request: EngineRequest): Promise<string> => {
    const { apiVersion } = await facts(request.signal)
    const prefix = request.path.startsWith('/berth/') ? '' : `/v${apiVersion}`
    return `${prefix}${request.path}${queryText(request.query)}`
  }
  return {
    host,
    facts,
    async json<Value>(request: EngineRequest): Promise<Value> {
      const { body } = await checked(await send(transport, host, request, await pathOf(request)))
      const text = await readText(body, host)
      return (text === '' ? undefined : JSON.parse(text)) as Value
    },
    async stream(request) {
      return checked(await send(transport, host, request, await pathOf(request)))
    },
    async hijack(request) {
      return upgrade(transport, host, request, await pathOf(request))
    },
    close: transport.close,
  }
}

async function ping(transport: Transport, host: string, signal: AbortSignal | undefined): Promise<EngineFacts> {
  const request: EngineRequest = { method: 'HEAD', path: '/_ping', ...(signal && { signal }) }
  const { status, headers, body } = await send(transport, host, request, '/_ping')
  body.resume()
  if (status >= 400) throw engineError(status, '')
  const header = (name: string): string => String(headers[name] ?? '')
  return {
    apiVersion: negotiateVersion(header('api-version')),
    isBerth: header('server').startsWith('Berth/'),
    osType: header('ostype') || 'linux',
  }
}

function send(
  transport: Transport,
  host: string,
  request: EngineRequest,
  path: string,
  isRetry = false,
): Promise<EngineResponse> {
  return new Promise((resolve, reject) => {
    const payload = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    const outgoing = transport.request({
      method: request.method,
      path,
      headers: headersOf(request, payload),
      ...(request.signal && { signal: request.signal }),
    })
    outgoing.on('response', (answer: IncomingMessage) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer })
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The engine closed an idle keep-alive connection in the moment we took it from the pool: nothing of the request was read.
      const wasIdle = outgoing.reusedSocket && error.code === 'ECONNRESET' && request.stream === undefined
      if (wasIdle && !isRetry) resolve(send(transport, host, request, path, true))
      else reject(connectionError(host, error))
    })
    if (request.stream === undefined) {
      outgoing.end(payload)
      return
    }
    request.stream.on('error', error => outgoing.destroy(error))
    request.stream.pipe(outgoing)
  })
}

function upgrade(transport: Transport, host: string, request: EngineRequest, path: string): Promise<HijackedStream> {
  return new Promise((resolve, reject) => {
    const payload = Buffer.from(request.body === undefined ? '' : JSON.stringify(request.body))
    const outgoing = transport.request({
      method: request.method,
      path,
      headers: { ...headersOf(request, payload), Connection: 'Upgrade', Upgrade: 'tcp' },
      ...(request.signal && { signal: request.signal }),
    })
    outgoing.on('upgrade', (answer: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head)
      const isMultiplexed = answer.headers['content-type'] === 'application/vnd.docker.multiplexed-stream'
      resolve({ socket, isMultiplexed })
    })
    outgoing.on('response', (answer: IncomingMessage) => {
      const status = answer.statusCode ?? 0
      readText(answer, host).then(text => {
        if (status >= 400) reject(engineError(status, text))
        else
          reject(
            new BerthError(
              'NOT_IMPLEMENTED',
              `the engine at ${host} answered ${status} instead of upgrading the connection`,
            ),
          )
      }, reject)
    })
    outgoing.on('error', error => reject(connectionError(host, error)))
    outgoing.end(payload)
  })
}

function headersOf(request: EngineRequest, payload: Buffer | undefined): Record<string, string | number> {
  const headers: Record<string, string | number> = { ...request.headers }
  if (payload !== undefined) {
    if (payload.length > 0) headers['Content-Type'] = 'application/json'
    headers['Content-Length'] = payload.length
  } else if (request.stream === undefined && request.method !== 'GET' && request.method !== 'HEAD') {
    headers['Content-Length'] = 0
  }
  return headers
}

async function checked(response: EngineResponse): Promise<EngineResponse> {
  if (response.status < 400) return response
  throw engineError(response.status, await readText(response.body, ''))
}

/** The whole of a body. Listeners instead of `for await`: this is on the path of every call of an `up`. */
function readText(body: NodeJS.ReadableStream, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    body.on('data', (chunk: Buffer) => chunks.push(chunk))
    body.on('end', () => resolve(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString()))
    body.on('error', error => reject(connectionError(host, error)))
  })
}

function queryText(query: EngineRequest['query']): string {
  if (query === undefined) return ''
  const parts: string[] = []
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of typeof value === 'object' ? value : [value])
      parts.push(`${name}=${encodeURIComponent(one === true ? '1' : one === false ? '0' : one)}`)
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}
