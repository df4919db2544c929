import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import { queryFlag, type RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { del, get, ok, post, type Reply, type Route } from '../http/route.ts'
import { importImage } from '../images/import.ts'
import { findImage } from '../images/lookup.ts'
import { fullName, parseReference, withDefaultTag } from '../images/reference.ts'
import { pruneImages, removeImage } from '../images/remove.ts'
import { saveImages, selectForSave } from '../images/save.ts'
import { imageFilters, selectImages } from '../images/select.ts'
import type { ImageService } from '../images/service.ts'
import { tagImage } from '../images/tag.ts'
import { historyOf, inspectHostTree, inspectImage, summarise } from '../images/view.ts'

export const imageRoutes = (service: ImageService): Route[] => [
  get('/images/json', ({ query }) => {
    const images = selectImages(service.store, parseFilters(query, imageFilters), service.now())
    const summaries = images.map(image => summarise(service.store, image, service.users.of(image.id).length))
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
  post('/images/prune', async ({ query }) => ok(await pruneImages(service, parseFilters(query, imageFilters)))),
  post('/images/create', context => create(service, context)),
  get('/images/{name...}/json', async ({ params, signal }) => {
    const found = await service.find(params['name'] ?? '', { signal })
    return ok(found.kind === 'host' ? inspectHostTree(found.tree) : inspectImage(service.store, found.image))
  }),
  get('/images/{name...}/history', ({ params }) => {
    return ok(historyOf(service.store, findImage(service.store.catalog, params['name'] ?? '').image))
  }),
  get('/images/{name...}/get', context => save(service, context, [context.params['name'] ?? ''])),
  post('/images/{name...}/tag', async ({ params, query }) => {
    await tagImage(service, params['name'] ?? '', query.get('repo') ?? '', query.get('tag') ?? '')
    return { status: 201 }
  }),
  post('/images/{name...}/push', () => {
    throw noRegistry('pushed to')
  }),
  del('/images/{name...}', async ({ params, query }) => {
    return ok(await removeImage(service, params['name'] ?? '', { force: queryFlag(query, 'force') }))
  }),
]

/** JSON lines, one per message, as docker's progress streams are. */
class ProgressStream {
  readonly #context: RequestContext
  #response: ReturnType<RequestContext['stream']> | undefined

  constructor(context: RequestContext) {
    this.#context = context
  }

  send(message: ProgressMessage): void {
    this.#response ??= this.#context.stream(200, { 'Content-Type': 'application/json' })
    this.#response.write(`${JSON.stringify(message)}\r\n`)
  }

  /** Ends the answer. An error that comes before the first message is thrown, so that it gets its status; later it can only be a message. */
  async run(work: () => Promise<void>): Promise<undefined> {
    try {
      await work()
      this.#response ??= this.#context.stream(200, { 'Content-Type': 'application/json' })
    } catch (error) {
      if (this.#response === undefined) throw error
      const message = error instanceof Error ? error.message : String(error)
      this.send({ errorDetail: { message }, error: message })
    }
    this.#response.end()
    await once(this.#response, 'close').catch(() => undefined)
    return undefined
  }
}

function load(service: ImageService, context: RequestContext): Promise<undefined> {
  const isQuiet = queryFlag(context.query, 'quiet')
  const progress = new ProgressStream(context)
  return progress.run(() =>
    service.load(context.body, {
      signal: context.signal,
      onProgress: message => {
        if (!isQuiet || message.stream !== undefined) progress.send(message)
      },
    }),
  )
}

/** Import from the body; pulling needs a registry client. */
async function create(service: ImageService, context: RequestContext): Promise<Reply | undefined> {
  const { query } = context
  const source = query.get('fromSrc')
  if (source === null || source === '') throw noRegistry('pulled from')
  if (source !== '-') {
    throw new BerthError('NOT_IMPLEMENTED', 'images are imported from the request’s body only (fromSrc=-)')
  }
  const repository = query.get('repo') ?? ''
  const tag = query.get('tag') ?? ''
  const text = tag === '' ? repository : `${repository}:${tag}`
  const names = repository === '' ? [] : [fullName(withDefaultTag(parseReference(text)))]
  const progress = new ProgressStream(context)
  return progress.run(async () => {
    const image = await importImage(service, context.body, {
      names,
      message: query.get('message') ?? '',
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

function noRegistry(what: string): BerthError {
  return new BerthError('NOT_IMPLEMENTED', `images cannot be ${what} a registry yet`, {
    hint: 'load an archive (docker load, berth load) or name one: docker-archive:/path.tar, oci-archive:/path.tar, oci:/dir, rootfs:/path',
  })
}
