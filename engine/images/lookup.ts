import { BerthError } from '../../schemas/errors.ts'
import type { Catalog, StoredImage } from './catalog.ts'
import { familiarName, fullName, parseReference, withDefaultTag } from './reference.ts'

export interface Found {
  readonly image: StoredImage
  /** The full name that was meant; absent when the image was found by its id. */
  readonly name?: string
}

/**
 * Finds a stored image as dockerd does: full id, name (tag `latest` unless given), name@digest, then a unique beginning of an id.
 * Throws NOT_FOUND `No such image: x:latest`, INVALID_ARGUMENT when a beginning fits several.
 */
export function findImage(catalog: Catalog, text: string): Found {
  const id = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text)?.[1]
  if (id !== undefined) {
    const image = catalog.get(`sha256:${id}`)
    if (image === undefined) throw noSuchImage(`sha256:${id}`)
    return { image }
  }
  const prefix = /^(?:sha256:)?([0-9a-f]+)$/.exec(text)?.[1]
  if (text.startsWith('sha256:')) {
    const image = prefix === undefined ? undefined : findByPrefix(catalog, prefix)
    if (image === undefined) throw noSuchImage(text)
    return { image }
  }
  const reference = withDefaultTag(parseReference(text))
  const name = fullName(reference)
  const named = catalog.findByName(name) ?? findByDigest(catalog, reference)
  if (named !== undefined) return { image: named, name }
  const image = prefix === undefined ? undefined : findByPrefix(catalog, prefix)
  if (image === undefined) throw noSuchImage(familiarName(reference))
  return { image }
}

/** `name:tag@digest` and `name@digest` mean the image with that manifest or configuration digest, if it has the name's repository. */
function findByDigest(
  catalog: Catalog,
  { domain, path, digest }: ReturnType<typeof parseReference>,
): StoredImage | undefined {
  if (digest === undefined) return undefined
  const image = catalog.table.findByManifest(digest) ?? catalog.list().find(stored => stored.id === digest)
  const repository = `${domain}/${path}`
  const isNamed = image !== undefined && catalog.names(image.id).some(name => repositoryOf(name) === repository)
  return isNamed ? image : undefined
}

function findByPrefix(catalog: Catalog, hex: string): StoredImage | undefined {
  const found = catalog.table.findByPrefix(hex)
  if (found.length > 1) {
    throw new BerthError('INVALID_ARGUMENT', `ambiguous image id: ${hex} is the beginning of ${found.length} ids`)
  }
  return found[0]
}

/** `docker.io/library/busybox` of a full name. */
export function repositoryOf(name: string): string {
  const { domain, path } = parseReference(name)
  return `${domain}/${path}`
}

export function noSuchImage(shown: string): BerthError {
  return new BerthError('NOT_FOUND', `No such image: ${shown}`)
}
