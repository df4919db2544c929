import { isAbsolute, normalize } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** Where an image comes from without a registry, in skopeo's notation. */
export type TransportReference =
  | { readonly kind: 'docker-archive' | 'oci-archive' | 'oci'; readonly path: string; readonly name?: string }
  /** A directory of the host as the only layer. */
  | { readonly kind: 'rootfs'; readonly path: string }

const prefix = /^(docker-archive|oci-archive|oci|rootfs):/

/**
 * `docker-archive:/abs/path.tar[:name]`, `oci-archive:…`, `oci:/dir[:name]`, `rootfs:/path`; undefined for everything else, which is a reference to a
 * registry. A path ends at its first colon. Throws INVALID_ARGUMENT for a path that is not absolute.
 */
export function parseTransport(text: string): TransportReference | undefined {
  const match = prefix.exec(text)
  if (match === null) return undefined
  const kind = match[1] as TransportReference['kind']
  const rest = text.slice(match[0].length)
  const colon = kind === 'rootfs' ? -1 : rest.indexOf(':')
  const path = colon < 0 ? rest : rest.slice(0, colon)
  // `oci:latest` and `rootfs:1.0` are tags of images that happen to have these names.
  if (!path.includes('/')) return undefined
  if (!isAbsolute(path)) {
    throw new BerthError('INVALID_ARGUMENT', `${text}: expected an absolute path, found "${path}"`, {
      hint: 'the path is one of the daemon’s host; a stack file may hold a relative one, which the command line makes absolute',
    })
  }
  if (kind === 'rootfs') return { kind, path: withoutTrailingSlash(normalize(path)) }
  const name = colon < 0 ? '' : rest.slice(colon + 1)
  return { kind, path: withoutTrailingSlash(normalize(path)), ...(name === '' ? {} : { name }) }
}

/** The inverse of parseTransport. */
export function formatTransport(reference: TransportReference): string {
  const name = reference.kind === 'rootfs' || reference.name === undefined ? '' : `:${reference.name}`
  return `${reference.kind}:${reference.path}${name}`
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
