import { BerthError } from '../../schemas/errors.ts'
import type { RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { get, ok, post, type Route } from '../http/route.ts'
import type { StoredImage } from '../images/catalog.ts'
import { parsePlatform } from '../images/platform.ts'
import { familiarName, familiarRepository, fullName, parseReference, type Reference } from '../images/reference.ts'
import { AuthConfig, readAuthHeader } from '../images/registry/credentials.ts'
import { inspectDistribution } from '../images/registry/distribution.ts'
import { checkLogin } from '../images/registry/login.ts'
import { pullAllTags, pullImage } from '../images/registry/pull.ts'
import { pushImage } from '../images/registry/push.ts'
import { searchFilters, searchImages } from '../images/registry/search.ts'
import type { ImageService } from '../images/service.ts'
import { ProgressStream } from './progress-stream.ts'

/** What talks to registries, but pull: that shares its path with import. */
export const registryRoutes = (service: ImageService): Route[] => [
  get('/images/search', async ({ query, headers, signal }) => {
    const limit = Number(query.get('limit') || '0')
    const filters = parseFilters(query, searchFilters)
    const credentials = readAuthHeader(headers['x-registry-auth'])
    const { registries: settings } = service
    return ok(await searchImages(query.get('term') ?? '', { limit, filters, settings, credentials, signal }))
  }),
  get('/distribution/{name...}/json', async ({ params, headers, signal }) => {
    const credentials = readAuthHeader(headers['x-registry-auth'])
    const reference = parseReference(params['name'] ?? '')
    return ok(await inspectDistribution(reference, { settings: service.registries, credentials, signal }))
  }),
  post('/images/{name...}/push', context => push(service, context)),
  post('/auth', async context => {
    const config = await context.readJson(AuthConfig)
    return ok(await checkLogin(config, service.registries, context.signal))
  }),
]

/** POST /images/create with `fromImage`: one tag or digest, or, without any, all tags. */
export function pull(service: ImageService, context: RequestContext): Promise<undefined> {
  const { query } = context
  const reference = parseReference(withVersion(query.get('fromImage') ?? '', query.get('tag') ?? ''))
  const platform = parsePlatform(query.get('platform') ?? '')
  const credentials = readAuthHeader(context.headers['x-registry-auth'])
  const progress = new ProgressStream(context)
  const options = {
    settings: service.registries,
    ...(platform === undefined ? {} : { platform }),
    ...(credentials === undefined ? {} : { credentials }),
    now: service.now,
    signal: context.signal,
    onProgress: progress.send.bind(progress),
  }
  return progress.run(async () => {
    if (reference.tag === undefined && reference.digest === undefined) {
      await pullAllTags(service.store, reference, options)
      publish(service, 'pull', reference, undefined)
    } else {
      publish(service, 'pull', reference, await pullImage(service.store, reference, options))
    }
  })
}

/** `tag` may be a digest too. */
export function withVersion(name: string, version: string): string {
  if (version === '') return name
  return version.includes(':') ? `${name}@${version}` : `${name}:${version}`
}

/** POST /images/{name}/push: `tag`, or all tags of the repository. */
function push(service: ImageService, context: RequestContext): Promise<undefined> {
  const name = parseReference(withVersion(context.params['name'] ?? '', context.query.get('tag') ?? ''))
  if (name.digest !== undefined) throw new BerthError('INVALID_ARGUMENT', 'cannot push a digest reference')
  const credentials = readAuthHeader(context.headers['x-registry-auth'])
  const tags = name.tag === undefined ? tagsOf(service, name) : [name.tag]
  const progress = new ProgressStream(context)
  const options = {
    settings: service.registries,
    ...(credentials === undefined ? {} : { credentials }),
    now: service.now,
    signal: context.signal,
    onProgress: progress.send.bind(progress),
  }
  return progress.run(async () => {
    for (const tag of tags) {
      const reference = { ...name, tag }
      publish(service, 'push', reference, await pushImage(service.store, reference, options))
    }
  })
}

function tagsOf({ store }: ImageService, repository: Reference): string[] {
  const prefix = `${fullName(repository)}:`
  const names = store.catalog.list().flatMap(image => store.catalog.names(image.id))
  const tags = names.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
  if (tags.length > 0) return tags
  throw new BerthError('NOT_FOUND', `An image does not exist locally with the tag: ${familiarRepository(repository)}`)
}

function publish(
  service: ImageService,
  action: 'pull' | 'push',
  reference: Reference,
  image: StoredImage | undefined,
): void {
  service.events.publish('image', action, familiarName(reference), {
    ...image?.document.config?.Labels,
    name: familiarRepository(reference),
  })
}
