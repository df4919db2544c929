import type { StoredImage } from './catalog.ts'
import type { ImageService } from './service.ts'

/** An image event, with the image's labels beside the name; the name of what has none is its id. */
export function publishImage(
  { events }: Pick<ImageService, 'events'>,
  action: 'create' | 'import' | 'load' | 'pull' | 'push' | 'tag' | 'untag',
  image: StoredImage,
  name: string = image.id,
): void {
  events.publish('image', action, image.id, { ...image.document.config?.Labels, name })
}
