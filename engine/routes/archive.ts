import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { containerConfig } from '../../schemas/api/container-create.ts'
import type { PathStat } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import { exportContainer, getArchive, putArchive, statPath } from '../containers/archive.ts'
import { readChanges } from '../containers/changes.ts'
import { commitContainer } from '../containers/commit.ts'
import type { ContainerContext } from '../containers/context.ts'
import { queryFlag, type RequestContext } from '../http/context.ts'
import { created, get, head, ok, post, put, type Route } from '../http/route.ts'
import type { ImageService } from '../images/service.ts'

/** Files of containers: `docker cp`, `diff`, `export`, `commit`. */
export const archiveRoutes = (context: ContainerContext, images: ImageService): Route[] => [
  head('/containers/{id}/archive', async request => {
    const stat = await statPath(context, idOf(request), pathOf(request))
    return { status: 200, headers: statHeader(stat) }
  }),
  get('/containers/{id}/archive', async request => {
    await getArchive(context, idOf(request), pathOf(request), (stat, tar) =>
      send(request, tar, { 'Content-Type': 'application/x-tar', ...statHeader(stat) }),
    )
    return undefined
  }),
  put('/containers/{id}/archive', async request => {
    await putArchive(context, idOf(request), request.body, {
      path: pathOf(request),
      keepsKinds: queryFlag(request.query, 'noOverwriteDirNonDir'),
      isOwnedByUser: queryFlag(request.query, 'copyUIDGID'),
      signal: request.signal,
    })
    return { status: 200 }
  }),
  get('/containers/{id}/export', async request => {
    await exportContainer(context, containerOf(context, request), tar =>
      send(request, tar, { 'Content-Type': 'application/octet-stream' }),
    )
    return undefined
  }),
  get('/containers/{id}/changes', async request => {
    const { changes } = await readChanges(context, containerOf(context, request), request.signal)
    return ok(changes.length === 0 ? null : changes)
  }),
  post('/commit', async request => {
    const { query } = request
    const config = await readConfig(request)
    const container = context.registry.get(query.get('container') ?? '')
    const repository = query.get('repo') ?? ''
    const tag = query.get('tag') ?? ''
    const id = await commitContainer(context, images, container, {
      name: repository === '' || tag === '' ? repository : `${repository}:${tag}`,
      comment: query.get('comment') ?? '',
      author: query.get('author') ?? '',
      changes: query.getAll('changes'),
      pauses: queryFlag(query, 'pause', true),
      config,
      signal: request.signal,
    })
    return created({ Id: id })
  }),
]

const idOf = ({ params }: RequestContext): string => params['id'] ?? ''
const containerOf = (context: ContainerContext, request: RequestContext) => context.registry.get(idOf(request))

/** dockerd's text, slip included. */
function pathOf({ query }: RequestContext): string {
  const path = query.get('path') ?? ''
  if (path === '') throw new BerthError('INVALID_ARGUMENT', 'bad parameter: pathcannot be empty')
  return path
}

const statHeader = (stat: PathStat): Readonly<Record<string, string>> => ({
  'X-Docker-Container-Path-Stat': Buffer.from(JSON.stringify(stat)).toString('base64'),
})

/** The docker command sends `null` when it has nothing to say. */
async function readConfig(request: RequestContext) {
  return request.readJson({ parse: value => containerConfig.parse(value ?? {}) })
}

/** A tar that was cut off breaks the connection: the client must not take it for whole. */
async function send(
  request: RequestContext,
  tar: AsyncIterable<Buffer>,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const response = request.stream(200, headers)
  await pipeline(Readable.from(tar), response).catch(() => response.destroy())
}
