import { BerthError } from '../../schemas/errors.ts'
import { publishImage } from './announce.ts'
import { findImage } from './lookup.ts'
import { familiarName, fullName, parseReference } from './reference.ts'
import type { ImageService } from './service.ts'

/** POST /images/{name}/tag */
export async function tagImage(service: ImageService, source: string, repository: string, tag: string): Promise<void> {
  const { catalog } = service.store
  const { image } = findImage(catalog, source)
  const wanted = parseReference(repository)
  if (tag !== '' && !/^[\w][\w.-]{0,127}$/.test(tag)) throw new BerthError('INVALID_ARGUMENT', 'invalid tag format')
  const target = tag === '' ? wanted : { ...wanted, tag }
  if (target.digest !== undefined) {
    throw new BerthError('INVALID_ARGUMENT', 'refusing to create a tag with a digest reference')
  }
  if (/^(?:sha256|sha384|sha512)$/.test(repository.split(':')[0] ?? ''))
    throw new BerthError('INVALID_ARGUMENT', 'refusing to create an ambiguous tag using digest algorithm as name')
  const named = { ...target, tag: target.tag ?? 'latest' }
  await catalog.put(image, [fullName(named)], service.now())
  publishImage(service, 'tag', image, familiarName(named))
}
