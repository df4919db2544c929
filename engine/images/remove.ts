import type { ImageDeleteItem, ImagePruneResponse } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { Filters } from '../http/filters.ts'
import { publishImage } from './announce.ts'
import type { StoredImage } from './catalog.ts'
import { shown } from './load.ts'
import { findImage, repositoryOf } from './lookup.ts'
import { flagOf, selectImages } from './select.ts'
import type { ImageService } from './service.ts'
import { bytesOf } from './view.ts'

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

/** Filters of POST /images/prune. */
export const pruneFilters = ['dangling', 'label', 'label!', 'until'] as const

/**
 * DELETE /images/{name}, with the rules of dockerd 28: a name is taken away first (with the last tag of a repository its digests too) and the image goes
 * with its last name; an id takes all names if there is at most one tag. CONFLICT while a container has the image, which `force` overrides only for
 * stopped ones: these keep its layers.
 */
export async function removeImage(
  service: ImageService,
  text: string,
  { force }: { readonly force: boolean },
): Promise<ImageDeleteItem[]> {
  const { catalog } = service.store
  const { image, name } = findImage(catalog, text)
  const names = catalog.names(image.id)
  const users = service.users.of(image.id)
  if (name !== undefined && names.includes(name)) {
    const [user] = users
    if (!force && isSingleName(names) && user !== undefined) {
      throw new BerthError(
        'CONFLICT',
        `conflict: unable to remove repository reference "${text}" (must force) - container ${short(user.containerId)} is using its referenced image ${short(image.id)}`,
      )
    }
    const gone = namesThatGoWith(name, names)
    const isLast = gone.length === names.length
    // A running container keeps its image, which then has no name.
    const isKept = !isLast || users.some(other => other.isRunning())
    if (isKept) await untag(service, image, gone)
    const untagged = gone.map(each => ({ Untagged: shown(each) }))
    return isKept ? untagged : [...untagged, ...(await deleteImage(service, image))]
  }
  checkUsers(service, image, force)
  if (!force && names.length > 0 && !isSingleName(names)) {
    throw new BerthError(
      'CONFLICT',
      `conflict: unable to delete ${short(image.id)} (must be forced) - image is referenced in multiple repositories`,
    )
  }
  return [...names.map(each => ({ Untagged: shown(each) })), ...(await deleteImage(service, image))]
}

const isDigest = (name: string): boolean => name.includes('@')

/** At most one tag, and digests of its repository only. */
function isSingleName(names: readonly string[]): boolean {
  return new Set(names.map(repositoryOf)).size === 1 && names.filter(name => !isDigest(name)).length <= 1
}

function namesThatGoWith(name: string, names: readonly string[]): string[] {
  const siblings = names.filter(other => other !== name && repositoryOf(other) === repositoryOf(name))
  return isDigest(name) || siblings.some(other => !isDigest(other)) ? [name] : [name, ...siblings]
}

async function untag(service: ImageService, image: StoredImage, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await service.store.catalog.untag(name)
    publishImage(service, 'untag', image)
  }
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
    const { store } = service
    // Layers that others share stay: what is gone afterwards counts.
    const before = new Map((image.document.rootfs.diff_ids ?? []).map(diffId => [diffId, bytesOf(store, [diffId])]))
    deleted.push(...store.catalog.names(image.id).map(name => ({ Untagged: shown(name) })))
    deleted.push(...(await deleteImage(service, image)))
    for (const [diffId, bytes] of before) if (!store.layers.has(diffId)) reclaimed += bytes
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
  for (const _name of catalog.names(image.id)) publishImage(service, 'untag', image)
  await (isHeld ? catalog.hide(image.id) : catalog.remove(image.id))
  service.events.publish('image', 'delete', image.id, { name: image.id })
  const layers = await service.store.collect()
  return [{ Deleted: image.id }, ...layers.map(Deleted => ({ Deleted }))]
}
