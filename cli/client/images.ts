import type { Readable } from 'node:stream'
import type { ImageDifference, ImageLayers } from '../../schemas/api/berth.ts'
import type { Filters } from '../../schemas/api/filters.ts'
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSearchResult,
  ImageSummary,
  ProgressMessage,
} from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'
import { readJsonLines } from './json-lines.ts'

/** Slashes of a reference stay slashes: dockerd routes `/images/{name:.*}/json`. */
const pathOf = (reference: string, rest = ''): string =>
  `/images/${reference.split('/').map(encodeURIComponent).join('/')}${rest}`

export function listImages(
  client: EngineClient,
  query: { readonly all?: boolean; readonly filters?: Filters; readonly digests?: boolean },
  options: CallOptions = {},
): Promise<readonly ImageSummary[]> {
  const { all, digests, filters } = query
  return client.json({
    method: 'GET',
    path: '/images/json',
    query: { all, digests, filters: filters && JSON.stringify(filters) },
    ...withSignal(options),
  })
}

export function inspectImage(
  client: EngineClient,
  reference: string,
  options: CallOptions = {},
): Promise<ImageInspect> {
  return client.json({ method: 'GET', path: pathOf(reference, '/json'), ...withSignal(options) })
}

export function removeImage(
  client: EngineClient,
  reference: string,
  query: { readonly force?: boolean; readonly noprune?: boolean },
  options: CallOptions = {},
): Promise<readonly ImageDeleteItem[]> {
  return client.json({ method: 'DELETE', path: pathOf(reference), query, ...withSignal(options) })
}

export function tagImage(
  client: EngineClient,
  image: string,
  repo: string,
  tag: string,
  options: CallOptions = {},
): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(image, '/tag'), query: { repo, tag }, ...withSignal(options) })
}

/** The image's steps, newest first. */
export function imageHistory(
  client: EngineClient,
  reference: string,
  options: CallOptions = {},
): Promise<readonly ImageHistoryItem[]> {
  return client.json({ method: 'GET', path: pathOf(reference, '/history'), ...withSignal(options) })
}

/** Berth only. */
export function imageLayers(client: EngineClient, reference: string, options: CallOptions = {}): Promise<ImageLayers> {
  return client.json({ method: 'GET', path: `/berth/v1${pathOf(reference, '/layers')}`, ...withSignal(options) })
}

/** Berth only. */
export function compareImages(
  client: EngineClient,
  reference: string,
  to: string,
  options: CallOptions = {},
): Promise<readonly ImageDifference[]> {
  const path = `/berth/v1${pathOf(reference, '/diff')}`
  return client.json({ method: 'GET', path, query: { to }, ...withSignal(options) })
}

/** The image's file tree, all layers together, as a tar. Berth only. */
export async function imageRootfs(
  client: EngineClient,
  reference: string,
  options: CallOptions = {},
): Promise<Readable> {
  const path = `/berth/v1${pathOf(reference, '/rootfs')}`
  return (await client.stream({ method: 'GET', path, ...withSignal(options) })).body
}

/** An archive of one image or several, as a stream of tar. */
export async function saveImages(
  client: EngineClient,
  references: readonly string[],
  options: CallOptions = {},
): Promise<Readable> {
  // The engine takes a list in one parameter: the client's queries have no repeated ones.
  const query = { names: references.join(',') }
  return (await client.stream({ method: 'GET', path: '/images/get', query, ...withSignal(options) })).body
}

export function searchImages(
  client: EngineClient,
  query: { readonly term: string; readonly limit?: number; readonly filters?: Filters },
  options: CallOptions & { readonly auth?: string } = {},
): Promise<readonly ImageSearchResult[]> {
  const { term, limit, filters } = query
  return client.json({
    method: 'GET',
    path: '/images/search',
    query: { term, limit, filters: filters && JSON.stringify(filters) },
    headers: authHeaders(options.auth),
    ...withSignal(options),
  })
}

/** Progress of a push; ends with the push, throws its error. */
export async function* pushImage(
  client: EngineClient,
  name: string,
  query: { readonly tag?: string },
  options: CallOptions & { readonly auth?: string } = {},
): AsyncGenerator<ProgressMessage> {
  // dockerd refuses a push without the header.
  const headers = authHeaders(options.auth ?? Buffer.from('{}').toString('base64url'))
  const { body } = await client.stream({
    method: 'POST',
    path: pathOf(name, '/push'),
    query,
    headers,
    ...withSignal(options),
  })
  yield* readProgress(body)
}

/** A root file system's tar becomes an image; the last message is its id. */
export async function* importImage(
  client: EngineClient,
  tar: Readable,
  query: { readonly repo?: string; readonly tag?: string; readonly message?: string; readonly changes?: string },
  options: CallOptions = {},
): AsyncGenerator<ProgressMessage> {
  const { body } = await client.stream({
    method: 'POST',
    path: '/images/create',
    query: { fromSrc: '-', ...query },
    stream: tar,
    headers: { 'Content-Type': 'application/x-tar' },
    ...withSignal(options),
  })
  yield* readProgress(body)
}

/** Whether the registry takes a login; throws what it says otherwise. */
export function checkLogin(
  client: EngineClient,
  config: Readonly<Record<string, string | undefined>>,
  options: CallOptions = {},
): Promise<{ readonly Status: string; readonly IdentityToken?: string }> {
  return client.json({ method: 'POST', path: '/auth', body: config, ...withSignal(options) })
}

const authHeaders = (auth: string | undefined): Record<string, string> =>
  auth === undefined ? {} : { 'X-Registry-Auth': auth }

/** Progress of a pull; ends with the pull, throws its error. `auth` is the base64url text for X-Registry-Auth. */
export async function* pullImage(
  client: EngineClient,
  query: { readonly fromImage: string; readonly tag?: string; readonly platform?: string },
  options: CallOptions & { readonly auth?: string } = {},
): AsyncGenerator<ProgressMessage> {
  const headers = authHeaders(options.auth)
  const { body } = await client.stream({
    method: 'POST',
    path: '/images/create',
    query,
    headers,
    ...withSignal(options),
  })
  yield* readProgress(body)
}

/** POST /build: messages of the classic builder; a failure is thrown. `extension` is Berth's own header. */
export async function* buildImage(
  client: EngineClient,
  query: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
  context: Readable,
  options: CallOptions & { readonly extension?: string } = {},
): AsyncGenerator<ProgressMessage> {
  const { extension } = options
  const { body } = await client.stream({
    method: 'POST',
    path: '/build',
    query,
    stream: context,
    headers: {
      'Content-Type': 'application/x-tar',
      ...(extension === undefined ? {} : { 'X-Berth-Build': extension }),
    },
    ...withSignal(options),
  })
  yield* readProgress(body)
}

/** Loads an image archive (docker save, or OCI); the messages name what was loaded. */
export async function* loadImage(
  client: EngineClient,
  archive: Readable,
  options: CallOptions & { readonly quiet?: boolean } = {},
): AsyncGenerator<ProgressMessage> {
  const { body } = await client.stream({
    method: 'POST',
    path: '/images/load',
    query: { quiet: options.quiet },
    stream: archive,
    headers: { 'Content-Type': 'application/x-tar' },
    ...withSignal(options),
  })
  yield* readProgress(body)
}

/** The status is 200 before anything can fail, so a failure comes as a message: it becomes an error here. */
async function* readProgress(body: AsyncIterable<Buffer>): AsyncGenerator<ProgressMessage> {
  for await (const message of readJsonLines<ProgressMessage>(body)) {
    const failure = message.errorDetail?.message ?? message.error
    if (failure !== undefined) throw new BerthError('INTERNAL', failure)
    yield message
  }
}
