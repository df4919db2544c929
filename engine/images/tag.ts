import { BerthError } from '../../schemas/errors.ts'
import { findImage } from './lookup.ts'
import { familiarName, fullName, parseReference } from './reference.ts'
import type { ImageService } from './service.ts'

/** POST /images/{name}/tag */
export async function tagImage(service: ImageService, source: string, repository: string, tag: string): Promise<void> {
  const { catalog } = service.store
  const { image } = findImage(catalog, source)
  const target = parseReference(tag === '' ? repository : `${repository}:${tag}`)
  if (target.digest !== undefined) {
    throw new BerthError('INVALID_ARGUMENT', 'refusing to create a tag with a digest reference')
  }
  const named = { ...target, tag: target.tag ?? 'latest' }
  await catalog.put(image, [fullName(named)], service.now())
  service.events.publish('image', 'tag', image.id, { name: familiarName(named) })
}
