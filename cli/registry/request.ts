import { readdirSync, readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { BerthError } from '../../schemas/errors.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Bundle of authorities to trust beside Node's own: the value of SSL_CERT_FILE, or undefined for the system's. */
  readonly certificateFile: string | undefined
  readonly signal: AbortSignal
  /** How long nothing may come before it is given up. */
  readonly idleTimeoutMs?: number
}

/** No document of a stack is larger; more is not read. */
const maxBodyBytes = 64 * 1024 * 1024

/** One request over HTTP or HTTPS, its answer read whole. Redirects of a GET are followed, without credentials to another host. */
export async function request(url: URL, options: RequestOptions, redirects = 5): Promise<Answer> {
  const answer = await once(url, options)
  const { location } = answer.headers
  const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined
  if (!isRedirect || redirects === 0 || !['GET', 'HEAD', undefined].includes(options.method)) return answer
  const next = new URL(location, url)
  const { authorization, ...others } = options.headers ?? {}
  const headers = next.host === url.host && authorization !== undefined ? { ...others, authorization } : others
  return request(next, { ...options, headers }, redirects - 1)
}

function once(url: URL, options: RequestOptions): Promise<Answer> {
  const { method = 'GET', headers, body, certificateFile, signal, idleTimeoutMs = 60_000 } = options
  return new Promise((resolve, reject) => {
    const isPlain = url.protocol === 'http:'
    const send = isPlain ? httpRequest : httpsRequest
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const sent = send(
      url,
      {
        method,
        headers: { 'user-agent': 'berth', ...headers, ...length },
        signal,
        ...(isPlain ? {} : { ca: [...authorities(url.host, certificateFile)] }),
      },
      response => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxBodyBytes)
            response.destroy(new BerthError('UNAVAILABLE', `${url.host} answers more than 64 MB`))
          else chunks.push(chunk)
        })
        response.once('error', reject)
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    sent.setTimeout(idleTimeoutMs, () => sent.destroy(new Error(`no answer for ${idleTimeoutMs / 1000} s`)))
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Node knows only its own authorities; administrators give theirs to the system, to SSL_CERT_FILE or to docker's certs.d. */
function authorities(host: string, certificateFile = '/etc/ssl/certs/ca-certificates.crt'): readonly string[] {
  const folder = `/etc/docker/certs.d/${host}`
  const ofHost = list(folder)
    .filter(name => name.endsWith('.crt'))
    .map(name => `${folder}/${name}`)
  return [...rootCertificates, ...[certificateFile, ...ofHost].flatMap(text)]
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function text(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'utf8')]
  } catch {
    return []
  }
}
