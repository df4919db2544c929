import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import { queryFlag, type RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { del, get, ok, post, type Reply, type Route } from '../http/route.ts'
import { importImage } from '../images/import.ts'
import { findImage } from '../images/lookup.ts'
import { parsePlatform } from '../images/platform.ts'
import { familiarName, familiarRepository, fullName, parseReference, withDefaultTag } from '../images/reference.ts'
import type { Credentials } from '../images/registry/client.ts'
import { pullImage } from '../images/registry/pull.ts'
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
    throw new BerthError('NOT_IMPLEMENTED', 'images cannot be pushed to a registry yet', {
      hint: 'save an archive (docker save) and copy it with another tool, e.g. skopeo',
    })
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

/** Pull from a registry (`fromImage`), or import from the body (`fromSrc=-`). */
function create(service: ImageService, context: RequestContext): Promise<Reply | undefined> {
  const source = context.query.get('fromSrc') ?? ''
  return source === '' ? pull(service, context) : importBody(service, context, source)
}

function pull(service: ImageService, context: RequestContext): Promise<Reply | undefined> {
  const { query } = context
  const reference = parseReference(withVersion(query.get('fromImage') ?? '', query.get('tag') ?? ''))
  const platform = parsePlatform(query.get('platform') ?? '')
  const credentials = readCredentials(context.headers['x-registry-auth'])
  const progress = new ProgressStream(context)
  return progress.run(async () => {
    const image = await pullImage(service.store, reference, {
      ...(platform === undefined ? {} : { platform }),
      ...(credentials === undefined ? {} : { credentials }),
      now: service.now,
      signal: context.signal,
      onProgress: message => progress.send(message),
    })
    const name = familiarName(withDefaultTag(reference))
    service.events.publish('image', 'pull', name, {
      ...image.document.config?.Labels,
      name: familiarRepository(reference),
    })
  })
}

/** `tag` may be a digest too. */
function withVersion(name: string, version: string): string {
  if (version === '') return name
  return version.includes(':') ? `${name}@${version}` : `${name}:${version}`
}

/** Base64 (either alphabet) of `{"username":…,"password":…}`; what the docker command sends without a login is `{}`. */
function readCredentials(header: string | readonly string[] | undefined): Credentials | undefined {
  if (typeof header !== 'string' || header === '') return undefined
  try {
    const value = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as Partial<Record<string, unknown>>
    const { username, password } = value
    return typeof username === 'string' && typeof password === 'string' && username !== ''
      ? { username, password }
      : undefined
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', 'invalid X-Registry-Auth header', { cause })
  }
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
