import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BerthError } from '../../../schemas/errors.ts'

export interface RequestOptions {
  readonly method?: 'GET' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

const maxRedirects = 5
/** Without a byte for this long a connection counts as broken. */
const idleTimeoutMs = 60_000

/**
 * One HTTP request, redirects followed (registries send blobs from elsewhere). `Authorization` is never sent to another origin, and nothing is fetched
 * without TLS after a redirect from TLS. Rejects with UNAVAILABLE when there is no connection.
 */
export async function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  let at = url
  let { headers } = options
  for (let hops = 0; ; hops++) {
    const response = await sendOnce(at, { ...options, headers })
    const location = response.headers.location
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return response
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

function sendOnce(url: URL, { method = 'GET', headers, signal }: RequestOptions): Promise<IncomingMessage> {
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = start(url, { method, headers, ...(signal === undefined ? {} : { signal }) }, resolve)
    request.setTimeout(idleTimeoutMs, () => request.destroy(new Error(`no answer for ${idleTimeoutMs / 1000} s`)))
    request.once('error', cause => {
      const isCancelled = signal?.aborted === true
      const message = isCancelled ? 'the operation was cancelled' : `${method} "${url.href}": ${cause.message}`
      reject(new BerthError(isCancelled ? 'CANCELLED' : 'UNAVAILABLE', message, { cause }))
    })
    request.end()
  })
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
