import { type CallOptions, type EngineClient, withSignal } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { inspectImage, listImages } from '../client/images.ts'
import type { Project } from '../model/project.ts'
import type { ObservedImage } from './observed.ts'

/**
 * Which of the project's image references the engine has. One list with all of them; those that the list does not show under their own
 * spelling (digests, ids, other registries' short names) are asked for by name. `rootfs:` and archives are the engine's own business.
 */
export async function observeImages(
  client: EngineClient,
  project: Project,
  options: CallOptions,
): Promise<Readonly<Record<string, ObservedImage>>> {
  const references = new Set<string>()
  for (const { image, build, name } of Object.values(project.services)) {
    if (image?.kind === 'reference') references.add(image.text)
    else if (image === undefined && build !== undefined) references.add(`${project.name}${project.separator}${name}`)
  }
  if (references.size === 0) return {}
  const listed = await listImages(client, { filters: { reference: [...references] } }, options)
  const idOfTag = new Map(listed.flatMap(image => (image.RepoTags ?? []).map(tag => [tag, image.Id] as const)))
  const images: Record<string, ObservedImage> = {}
  const unlisted: string[] = []
  for (const reference of references) {
    const id = idOfTag.get(withTag(reference))
    if (id === undefined) unlisted.push(reference)
    else images[reference] = { id }
  }
  await addAges(client, project, images, options)
  const found = await Promise.all(unlisted.map(reference => findImage(client, reference, options)))
  for (const [index, image] of found.entries()) if (image !== undefined) images[unlisted[index] ?? ''] = image
  return images
}

/** Pull policies that name a time need to know when the image came; all others spare the call. */
async function addAges(
  client: EngineClient,
  project: Project,
  images: Record<string, ObservedImage>,
  options: CallOptions,
): Promise<void> {
  const aging = Object.values(project.services).flatMap(({ image, pullPeriodMs }) =>
    image?.kind === 'reference' && pullPeriodMs !== undefined && images[image.text] !== undefined ? [image.text] : [],
  )
  for (const reference of new Set(aging)) {
    const { Id, Metadata } = await inspectImage(client, reference, withSignal(options))
    const taggedAt = Date.parse(Metadata.LastTagTime ?? '')
    images[reference] = { id: Id, ...(Number.isFinite(taggedAt) && { ageMs: Date.now() - taggedAt }) }
  }
}

/** As the engine lists it: `redis` is `redis:latest`. */
function withTag(reference: string): string {
  const short = reference.replace(/^docker\.io\/(library\/)?/, '')
  const lastPart = short.slice(short.lastIndexOf('/') + 1)
  return lastPart.includes(':') || lastPart.includes('@') ? short : `${short}:latest`
}

async function findImage(
  client: EngineClient,
  reference: string,
  options: CallOptions,
): Promise<ObservedImage | undefined> {
  try {
    return { id: (await inspectImage(client, reference, withSignal(options))).Id }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
