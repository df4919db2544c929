import { pipeline } from 'node:stream/promises'
import { BerthError } from '../../schemas/errors.ts'
import { queryFlag, type RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { del, get, ok, post, type Reply, type Route } from '../http/route.ts'
import { importImage } from '../images/import.ts'
import { findImage } from '../images/lookup.ts'
import { compareImages, describeLayers } from '../images/read-layers.ts'
import { fullName, parseReference, withDefaultTag } from '../images/reference.ts'
import { pruneFilters, pruneImages, removeImage } from '../images/remove.ts'
import { saveImages, selectForSave } from '../images/save.ts'
import { imageFilters, namesAsked, selectImages } from '../images/select.ts'
import type { ImageService } from '../images/service.ts'
import { tagImage } from '../images/tag.ts'
import { imageUsage } from '../images/usage.ts'
import { historyOf, inspectHostTree, inspectImage, summarise } from '../images/view.ts'
import { imageForVersion } from './image-for-version.ts'
import { ProgressStream } from './progress-stream.ts'
import { pull, registryRoutes, withVersion } from './registry.ts'

export const imageRoutes = (service: ImageService): Route[] => [
  get('/images/json', ({ query }) => {
    const filters = parseFilters(query, imageFilters)
    const images = selectImages(service.store, filters, service.now())
    const sharedSizes = queryFlag(query, 'shared-size')
      ? new Map(imageUsage(service).images.map(({ Id, SharedSize }) => [Id, SharedSize]))
      : undefined
    const summaries = images.map(image =>
      namesAsked(
        summarise(service.store, image, service.users.of(image.id).length, sharedSizes?.get(image.id)),
        filters,
      ),
    )
    return ok(summaries.sort((left, right) => right.Created - left.Created))
  }),
  post('/images/load', context => load(service, context)),
  get('/images/get', context =>
    save(
      service,
      context,
      context.query.getAll('names').flatMap(text => text.split(',')),
    ),
  ),
  post('/images/prune', async ({ query }) => ok(await pruneImages(service, parseFilters(query, pruneFilters)))),
  post('/images/create', context => create(service, context)),
  ...registryRoutes(service),
  get('/berth/v1/images/{name...}/layers', async ({ params, signal }) =>
    ok(await describeLayers(service, params['name'] ?? '', signal)),
  ),
  get('/berth/v1/images/{name...}/diff', async ({ params, query, signal }) =>
    ok(await compareImages(service, params['name'] ?? '', query.get('to') ?? '', signal)),
  ),
  get('/images/{name...}/json', async ({ params, signal, version }) => {
    const found = await service.find(params['name'] ?? '', { signal })
    const inspected = found.kind === 'host' ? inspectHostTree(found.tree) : inspectImage(service.store, found.image)
    return ok(imageForVersion(inspected, version))
  }),
  get('/images/{name...}/history', ({ params }) => {
    return ok(historyOf(service.store, findImage(service.store.catalog, params['name'] ?? '').image))
  }),
  get('/images/{name...}/get', context => save(service, context, [context.params['name'] ?? ''])),
  post('/images/{name...}/tag', async ({ params, query }) => {
    await tagImage(service, params['name'] ?? '', query.get('repo') ?? '', query.get('tag') ?? '')
    return { status: 201 }
  }),
  del('/images/{name...}', async ({ params, query }) => {
    return ok(await removeImage(service, params['name'] ?? '', { force: queryFlag(query, 'force') }))
  }),
]

function load(service: ImageService, context: RequestContext): Promise<undefined> {
  const isQuiet = queryFlag(context.query, 'quiet')
  const progress = new ProgressStream(context)
  // docker-py and others look for what went wrong in the stream alone.
  progress.open()
  return progress.run(() =>
    service.load(context.body, {
      signal: context.signal,
      onProgress: message => {
        if (!isQuiet || message.stream !== undefined) progress.send(message)
      },
    }),
  )
}

/** Pull from a registry (`fromImage`), or import from the body (`fromSrc=-`). */
function create(service: ImageService, context: RequestContext): Promise<Reply | undefined> {
  const source = context.query.get('fromSrc') ?? ''
  return source === '' ? pull(service, context) : importBody(service, context, source)
}

async function importBody(service: ImageService, context: RequestContext, source: string): Promise<Reply | undefined> {
  const { query } = context
  if (source !== '-') {
    throw new BerthError('NOT_IMPLEMENTED', 'images are imported from the request’s body only (fromSrc=-)')
  }
  const repository = query.get('repo') ?? ''
  const names =
    repository === '' ? [] : [fullName(withDefaultTag(parseReference(withVersion(repository, query.get('tag') ?? ''))))]
  const progress = new ProgressStream(context)
  return progress.run(async () => {
    const image = await importImage(service, context.body, {
      names,
      message: query.get('message') ?? '',
      changes: query.getAll('changes'),
      signal: context.signal,
    })
    progress.send({ status: image.id })
  })
}

async function save(
  service: ImageService,
  context: RequestContext,
  references: readonly string[],
): Promise<Reply | undefined> {
  const saved = selectForSave(service, references)
  await service.store.lease(async () => {
    const response = context.stream(200, { 'Content-Type': 'application/x-tar' })
    await pipeline(saveImages(service, saved), response).catch(() => response.destroy())
  })
  return undefined
}
