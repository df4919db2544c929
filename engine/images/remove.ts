import type { ImageDeleteItem, ImagePruneResponse } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { Filters } from '../http/filters.ts'
import type { StoredImage } from './catalog.ts'
import { shown } from './load.ts'
import { findImage, repositoryOf } from './lookup.ts'
import { flagOf, selectImages } from './select.ts'
import type { ImageService } from './service.ts'
import { imageBytes } from './view.ts'

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

/**
 * DELETE /images/{name}, with dockerd's rules: a name is taken away first and the image goes with its last name; an id takes all names if they are of
 * one repository. CONFLICT while a container has the image, which `force` overrides only for stopped ones: these keep its layers.
 */
export async function removeImage(
  service: ImageService,
  text: string,
  { force }: { readonly force: boolean },
): Promise<ImageDeleteItem[]> {
  const { catalog } = service.store
  const { image, name } = findImage(catalog, text)
  const names = catalog.names(image.id)
  const isOneRepository = new Set(names.map(repositoryOf)).size <= 1
  const untagged: ImageDeleteItem[] = []
  if (name !== undefined && names.includes(name)) {
    const [user] = service.users.of(image.id)
    if (!force && names.length === 1 && user !== undefined) {
      throw new BerthError(
        'CONFLICT',
        `conflict: unable to remove repository reference "${text}" (must force) - container ${short(user.containerId)} is using its referenced image ${short(image.id)}`,
      )
    }
    if (names.length > 1 || service.users.of(image.id).some(other => other.isRunning())) {
      // Others still call it by another name, or run it: only the name goes.
      await catalog.untag(name)
      publishUntag(service, image, name)
      return [{ Untagged: shown(name) }]
    }
  } else if (!isOneRepository && !force) {
    throw new BerthError(
      'CONFLICT',
      `conflict: unable to delete ${short(image.id)} (must be forced) - image is referenced in multiple repositories`,
    )
  }
  checkUsers(service, image, force)
  for (const gone of names) {
    publishUntag(service, image, gone)
    untagged.push({ Untagged: shown(gone) })
  }
  return [...untagged, ...(await deleteImage(service, image))]
}

/** POST /images/prune: images that no container has; unless `dangling=false`, only those without a name. */
export async function pruneImages(service: ImageService, filters: Filters): Promise<ImagePruneResponse> {
  const isDanglingOnly = flagOf(filters, 'dangling') ?? true
  const selection = new Map(filters)
  if (isDanglingOnly) selection.set('dangling', ['true'])
  else selection.delete('dangling')
  const deleted: ImageDeleteItem[] = []
  let reclaimed = 0
  for (const image of selectImages(service.store, selection, service.now())) {
    if (service.users.of(image.id).length > 0) continue
    const size = imageBytes(service.store, image)
    for (const name of service.store.catalog.names(image.id)) {
      publishUntag(service, image, name)
      deleted.push({ Untagged: shown(name) })
    }
    const items = await deleteImage(service, image)
    deleted.push(...items)
    // Layers that others share stay.
    if (items.length > 1) reclaimed += size
  }
  service.events.publish('image', 'prune', '', { reclaimed: String(reclaimed) })
  return { ImagesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed }
}

function checkUsers(service: ImageService, image: StoredImage, force: boolean): void {
  const users = service.users.of(image.id)
  const running = users.find(user => user.isRunning())
  if (running !== undefined) {
    throw new BerthError(
      'CONFLICT',
      `conflict: unable to delete ${short(image.id)} (cannot be forced) - image is being used by running container ${short(running.containerId)}`,
    )
  }
  const [stopped] = users
  if (stopped !== undefined && !force) {
    throw new BerthError(
      'CONFLICT',
      `conflict: unable to delete ${short(image.id)} (must be forced) - image is being used by stopped container ${short(stopped.containerId)}`,
    )
  }
}

async function deleteImage(service: ImageService, image: StoredImage): Promise<ImageDeleteItem[]> {
  const { catalog } = service.store
  const isHeld = service.users.of(image.id).length > 0
  await (isHeld ? catalog.hide(image.id) : catalog.remove(image.id))
  service.events.publish('image', 'delete', image.id, { name: image.id })
  const layers = await service.store.collect()
  return [{ Deleted: image.id }, ...layers.map(Deleted => ({ Deleted }))]
}

function publishUntag(service: ImageService, image: StoredImage, _name: string): void {
  service.events.publish('image', 'untag', image.id, { name: image.id })
}
