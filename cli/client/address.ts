import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly rejectUnauthorized: boolean
}

/** Where an engine listens. `text` is what the user wrote. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly text: string; readonly socketPath: string }
  | {
      readonly kind: 'tcp'
      readonly text: string
      readonly hostname: string
      readonly port: number
      readonly tls?: TlsMaterial
    }
  | { readonly kind: 'ssh'; readonly text: string; readonly destination: string; readonly port?: number }

export const defaultHost = 'unix:///run/berth/berth.sock'

type Environment = Readonly<Record<string, string | undefined>>

/** The host that was asked for: `--host`, then BERTH_HOST, then DOCKER_HOST; undefined = nobody asked, use the default (and start it). */
export function requestedHost(flag: string | undefined, env: Environment): string | undefined {
  for (const host of [flag, env['BERTH_HOST'], env['DOCKER_HOST']]) if (host !== undefined && host !== '') return host
  return undefined
}

/**
 * Reads `unix:///path`, `/path`, `tcp://host:port`, `http(s)://host:port` and `ssh://[user@]host[:port]`. TLS for tcp as docker takes it:
 * DOCKER_TLS_VERIFY (or DOCKER_TLS) with ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH.
 */
export async function parseAddress(host: string, env: Environment): Promise<EngineAddress> {
  if (host.startsWith('/')) return { kind: 'unix', text: `unix://${host}`, socketPath: host }
  if (host.startsWith('unix://')) return { kind: 'unix', text: host, socketPath: host.slice('unix://'.length) }
  let url: URL
  try {
    url = new URL(host)
  } catch (cause) {
    throw badHost(host, cause)
  }
  switch (url.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:':
      return tcpAddress(host, url, env)
    case 'ssh:': {
      const destination = url.username === '' ? url.hostname : `${decodeURIComponent(url.username)}@${url.hostname}`
      return { kind: 'ssh', text: host, destination, ...(url.port === '' ? {} : { port: Number(url.port) }) }
    }
    default:
      throw badHost(host)
  }
}

async function tcpAddress(host: string, url: URL, env: Environment): Promise<EngineAddress> {
  const isVerifying = (env['DOCKER_TLS_VERIFY'] ?? '') !== ''
  const wantsTls = isVerifying || (env['DOCKER_TLS'] ?? '') !== '' || url.protocol === 'https:'
  // `new URL('tcp://[::1]:2375').hostname` keeps the brackets, which connect() does not take.
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (wantsTls ? 2376 : 2375) : Number(url.port)
  if (hostname === '') throw badHost(host)
  const address = { kind: 'tcp', text: host, hostname, port } as const
  return wantsTls ? { ...address, tls: await readTlsMaterial(env, isVerifying || url.protocol === 'https:') } : address
}

async function readTlsMaterial(env: Environment, rejectUnauthorized: boolean): Promise<TlsMaterial> {
  const folder = env['DOCKER_CERT_PATH'] ?? join(env['HOME'] ?? '/root', '.docker')
  const readPem = async (name: string): Promise<Buffer | undefined> => {
    try {
      return await readFile(join(folder, name))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new BerthError('INVALID_ARGUMENT', `cannot read the TLS file ${join(folder, name)}`, { cause })
    }
  }
  const [ca, cert, key] = await Promise.all([readPem('ca.pem'), readPem('cert.pem'), readPem('key.pem')])
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized }
}

function badHost(host: string, cause?: unknown): BerthError {
  return new BerthError(
    'INVALID_ARGUMENT',
    `expected unix:///path, tcp://host:port or ssh://user@host as the engine's host, found "${host}"`,
    { cause },
  )
}
