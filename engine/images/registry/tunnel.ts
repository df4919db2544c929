import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { BerthError } from '../../../schemas/errors.ts'

/** `Proxy-Authorization` of a proxy's URL that has a user. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {}
  const text = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` }
}

/** A connection to `target`'s host through the proxy (CONNECT, RFC 9110 section 9.3.6); TLS with the target comes on top of it. */
export function tunnel(proxy: URL, target: URL, signal: AbortSignal | undefined): Promise<Socket> {
  const start = proxy.protocol === 'https:' ? httpsRequest : httpRequest
  const authority = `${target.hostname}:${target.port || '443'}`
  return new Promise((resolve, reject) => {
    const request = start(proxy, {
      method: 'CONNECT',
      path: authority,
      agent: false,
      headers: { host: authority, ...proxyHeaders(proxy) },
      ...(signal === undefined ? {} : { signal }),
    })
    request.once('connect', (response, socket) => {
      if (response.statusCode === 200) return resolve(socket as Socket)
      socket.destroy()
      const answer = `${response.statusCode} ${response.statusMessage ?? ''}`.trim()
      reject(new BerthError('UNAVAILABLE', `the proxy ${proxy.host} refuses ${authority}: ${answer}`))
    })
    request.once('error', reject)
    request.end()
  })
}
