import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import { BerthError } from '../../../schemas/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { bareHost, proxyFor } from './proxy.ts'
import { proxyHeaders, tunnel } from './tunnel.ts'

export interface SendOptions {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  /** A stream is sent once: such a request is never redirected. */
  readonly body?: Buffer | Readable
  readonly signal?: AbortSignal
}

/** What a connection needs to know of its endpoint. */
export type Way = Pick<Endpoint, 'tls' | 'proxies'>

const maxRedirects = 5
/** Without a byte for this long a connection counts as broken. */
const idleTimeoutMs = 60_000

/**
 * One HTTP request, redirects followed (registries send blobs from elsewhere). `Authorization` is never sent to another origin, and nothing is fetched
 * without TLS after a redirect from TLS. Rejects with UNAVAILABLE when there is no connection; the cause has node's code.
 */
export async function send(url: URL, way: Way, options: SendOptions): Promise<IncomingMessage> {
  let at = url
  let { headers } = options
  for (let hops = 0; ; hops++) {
    const response = await sendOnce(at, way, { ...options, headers })
    const location = response.headers.location
    if (response.statusCode === 401 && at.origin !== url.origin) {
      response.resume()
      // Its challenge is not the registry's: nobody's password is for it.
      throw new BerthError('UNAVAILABLE', `${at.host}, where ${url.host} redirects to, answers 401`)
    }
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0) && location !== undefined
    if (!isRedirect || options.body !== undefined) return response
    response.resume()
    const next = new URL(location, at)
    const isDowngrade = at.protocol === 'https:' && next.protocol !== 'https:'
    if (hops === maxRedirects || isDowngrade || !/^https?:$/.test(next.protocol)) {
      throw new BerthError('UNAVAILABLE', `${at.host} redirects to ${next.origin}, which is not followed`)
    }
    if (next.origin !== at.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'))
    }
    at = next
  }
}

async function sendOnce(url: URL, way: Way, options: SendOptions): Promise<IncomingMessage> {
  const { method = 'GET', body, signal } = options
  try {
    const request = await start(url, way, options)
    return await new Promise((resolve, reject) => {
      request.setTimeout(idleTimeoutMs, () => request.destroy(new Error(`no answer for ${idleTimeoutMs / 1000} s`)))
      request.once('error', reject)
      request.once('response', resolve)
      if (body === undefined || Buffer.isBuffer(body)) request.end(body)
      else body.once('error', error => request.destroy(error)).pipe(request)
    })
  } catch (error) {
    if (signal?.aborted === true) throw new BerthError('CANCELLED', 'the operation was cancelled', { cause: error })
    if (error instanceof BerthError || !(error instanceof Error)) throw error
    throw explain(error, `${method} "${url.href}"`, url)
  }
}

async function start(url: URL, way: Way, options: SendOptions): Promise<ClientRequest> {
  const { method = 'GET', headers, signal } = options
  const proxy = proxyFor(url, way.proxies)
  const common: RequestOptions = { method, headers, ...(signal === undefined ? {} : { signal }) }
  if (url.protocol === 'http:') {
    if (proxy === undefined) return httpRequest(url, common)
    const headersThere = { host: url.host, ...headers, ...proxyHeaders(proxy) }
    return httpRequest(proxy, { ...common, path: url.href, headers: headersThere })
  }
  const { ca, cert, key, rejectUnauthorized } = way.tls
  const tls = {
    rejectUnauthorized,
    // The registry's own authorities come beside the usual ones, as in Docker.
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
  if (proxy === undefined) return httpsRequest(url, { ...common, ...tls })
  const socket = await tunnel(proxy, url, signal)
  return httpsRequest(url, { ...common, ...tls, agent: false, socket, servername: bareHost(url) } as RequestOptions)
}

/** Codes of certificates that nobody here vouches for. */
const certificateCodes = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]

function explain(cause: Error, what: string, url: URL): BerthError {
  const code = codeOf(cause)
  const hint = certificateCodes.includes(code)
    ? `put the certificate of its authority into /etc/berth/certs.d/${url.host}/ca.crt`
    : undefined
  // Of a host with several addresses node reports all attempts, and no message.
  const message = cause.message || (cause instanceof AggregateError ? String(cause.errors[0]?.message) : code)
  return new BerthError('UNAVAILABLE', `${what}: ${message}`, { cause, ...(hint === undefined ? {} : { hint }) })
}

/** True when nobody answered, or not in the expected protocol: nothing was asked yet, and another way may work. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof BerthError) || !(error.cause instanceof Error)) return false
  const code = codeOf(error.cause)
  return (
    ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EPROTO', 'ECONNRESET'].includes(code) ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('HPE_')
  )
}

/** True for a failure that may be over in a moment: a connection that broke, or a server that says so. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof BerthError)) return error instanceof Error
  if (error.code !== 'UNAVAILABLE' || !(error.cause instanceof Error)) return false
  const code = codeOf(error.cause)
  return ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'HTTP_STATUS', ''].includes(code)
}

function codeOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error && 'code' in first ? String(first.code) : ''
}

/** Reads a small answer. */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes)
      throw new BerthError('INVALID_ARGUMENT', `the registry’s answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
