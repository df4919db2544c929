import type { Readable } from 'node:stream'
import type { Filters } from '../../schemas/api/filters.ts'
import type { ImageDeleteItem, ImageInspect, ImageSummary, ProgressMessage } from '../../schemas/api/images.ts'
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

/** Progress of a pull; ends with the pull, throws its error. `auth` is the base64url text for X-Registry-Auth. */
export async function* pullImage(
  client: EngineClient,
  query: { readonly fromImage: string; readonly tag?: string; readonly platform?: string },
  options: CallOptions & { readonly auth?: string } = {},
): AsyncGenerator<ProgressMessage> {
  const headers = options.auth === undefined ? {} : { 'X-Registry-Auth': options.auth }
  const { body } = await client.stream({
    method: 'POST',
    path: '/images/create',
    query,
    headers,
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
