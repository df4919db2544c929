import type { ImageInspect } from '../../schemas/api/images.ts'
import { formatPlatform, normalisePlatform } from '../../schemas/platform.ts'
import { type CallOptions, type EngineClient, withSignal } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { inspectImage, listImages } from '../client/images.ts'
import type { Project, Service } from '../model/project.ts'
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
  for (const service of Object.values(project.services)) {
    const reference = referenceOf(project, service)
    if (reference !== undefined) references.add(reference)
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
  await addDetails(client, project, images, options)
  const found = await Promise.all(unlisted.map(reference => findImage(client, reference, options)))
  for (const [index, image] of found.entries()) if (image !== undefined) images[unlisted[index] ?? ''] = image
  return images
}

/** The image that the engine is to have for a service; undefined for `rootfs:`, archives and providers. */
function referenceOf(project: Project, { image, build, name }: Service): string | undefined {
  if (image !== undefined) return image.kind === 'reference' ? image.text : undefined
  return build === undefined ? undefined : `${project.name}${project.separator}${name}`
}

/** Pull policies that name a time need to know when the image came, and platforms what it is for; all others spare the call. */
async function addDetails(
  client: EngineClient,
  project: Project,
  images: Record<string, ObservedImage>,
  options: CallOptions,
): Promise<void> {
  const wanted = Object.values(project.services).flatMap(service => {
    const isAsked = service.pullPeriodMs !== undefined || service.platform !== undefined
    return isAsked ? (referenceOf(project, service) ?? []) : []
  })
  for (const reference of new Set(wanted)) {
    if (images[reference] === undefined) continue
    images[reference] = described(await inspectImage(client, reference, withSignal(options)))
  }
}

function described({ Id, Metadata, Os, Architecture, Variant }: ImageInspect): ObservedImage {
  const taggedAt = Date.parse(Metadata?.LastTagTime ?? '')
  return {
    id: Id,
    platform: formatPlatform(normalisePlatform({ os: Os, architecture: Architecture, variant: Variant })),
    ...(Number.isFinite(taggedAt) && { ageMs: Date.now() - taggedAt }),
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
    return described(await inspectImage(client, reference, withSignal(options)))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
