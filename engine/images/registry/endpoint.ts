import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../../schemas/errors.ts'
import { bareHost, isInNetwork, isLoopback } from './proxy.ts'
import type { ProxySettings, RegistrySettings } from './settings.ts'

/** How TLS of one registry is verified; absent members mean the system's defaults. */
export interface TlsSettings {
  readonly ca?: readonly Buffer[]
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly rejectUnauthorized: boolean
}

/** One way to a registry. */
export interface Endpoint {
  /** `https://registry-1.docker.io`, possibly with a path; never with a slash at its end. */
  readonly origin: string
  /** Somebody else's copy: gets no credentials, and whatever it answers, the next endpoint may know better. */
  readonly isMirror: boolean
  readonly tls: TlsSettings
  readonly proxies: ProxySettings
}

const hubRegistry = 'registry-1.docker.io'

/**
 * The ways to the registry `domain`, in the order to try: mirrors of Docker Hub (not for pushing), the registry by TLS, and without TLS where the
 * registry may be insecure. Throws INVALID_ARGUMENT for a mirror or a certificate that cannot be used.
 */
export async function endpointsOf(
  domain: string,
  purpose: 'pull' | 'push',
  settings: RegistrySettings,
): Promise<readonly Endpoint[]> {
  const isHub = domain === 'docker.io'
  const mirrors = isHub && purpose === 'pull' ? settings.mirrors : []
  const ways = [
    ...mirrors.map(mirror => ({ url: parseMirror(mirror), isMirror: true })),
    { url: new URL(`https://${isHub ? hubRegistry : domain}`), isMirror: false },
  ]
  const endpoints = await Promise.all(
    ways.map(async ({ url, isMirror }): Promise<Endpoint[]> => {
      const isInsecure = mayBeInsecure(url, settings.insecure)
      const tls = await readTls(url.host, !isInsecure, settings.certificateFolders)
      const origin = url.href.replace(/\/+$/, '')
      const endpoint = { origin, isMirror, tls, proxies: settings.proxies }
      if (!isInsecure || url.protocol === 'http:') return [endpoint]
      return [endpoint, { ...endpoint, origin: origin.replace(/^https:/, 'http:') }]
    }),
  )
  return endpoints.flat()
}

function parseMirror(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '') {
    throw new BerthError('INVALID_ARGUMENT', `registry-mirrors: expected a URL such as https://host, found "${text}"`)
  }
  return url
}

/** Loopback, a listed `host[:port]`, or an address in a listed network. */
export function mayBeInsecure(url: URL, insecure: readonly string[]): boolean {
  const host = bareHost(url)
  return (
    isLoopback(host) ||
    insecure.some(entry =>
      entry.includes('/') ? isInNetwork(host, entry) : [url.host, host].includes(entry.toLowerCase()),
    )
  )
}

/** Reads `<folder>/<host:port>/`: `*.crt` are authorities beside the system's, `x.cert` and `x.key` belong together. */
async function readTls(host: string, rejectUnauthorized: boolean, folders: readonly string[]): Promise<TlsSettings> {
  for (const folder of folders) {
    const path = join(folder, host)
    const names = (await readdir(path).catch(() => [])).sort()
    if (names.length === 0) continue
    const authorities = names.filter(name => name.endsWith('.crt'))
    const certificate = names.find(name => name.endsWith('.cert'))
    const keyName = certificate?.replace(/\.cert$/, '.key')
    if (certificate !== undefined && !names.includes(keyName ?? '')) {
      throw new BerthError('INVALID_ARGUMENT', `${join(path, certificate)}: missing its key ${keyName}`)
    }
    const ca = await Promise.all(authorities.map(name => readFile(join(path, name))))
    return {
      ...(ca.length === 0 ? {} : { ca }),
      ...(certificate === undefined
        ? {}
        : { cert: await readFile(join(path, certificate)), key: await readFile(join(path, keyName ?? '')) }),
      rejectUnauthorized,
    }
  }
  return { rejectUnauthorized }
}
