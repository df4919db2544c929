import { containerCreateRequest } from '../../schemas/api/container-create.ts'
import { containerUpdateRequest } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { type AttachRequest, attach } from '../containers/attach.ts'
import type { ContainerContext } from '../containers/context.ts'
import { pathsOf } from '../containers/context.ts'
import { createContainer } from '../containers/create.ts'
import type { Execs } from '../containers/exec.ts'
import { inspectContainer } from '../containers/inspect.ts'
import {
  kill,
  pause,
  remove,
  resize,
  restart,
  type StopOptions,
  start,
  stop,
  unpause,
} from '../containers/lifecycle.ts'
import { listContainers, listFilters, listWithSizes } from '../containers/list.ts'
import { logAttributes } from '../containers/log-config.ts'
import { logEnd } from '../containers/log-end.ts'
import { readLogs } from '../containers/logs.ts'
import { pruneContainers, pruneFilters } from '../containers/prune.ts'
import { measureContainer } from '../containers/sizes.ts'
import { sampleStats } from '../containers/stats.ts'
import { parseDetachKeys } from '../containers/streams.ts'
import { topContainer } from '../containers/top.ts'
import { renameContainer, updateContainer } from '../containers/update.ts'
import { type WaitCondition, waitForCondition } from '../containers/wait.ts'
import { queryFlag, queryInteger, type RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { created, del, get, noContent, notModified, ok, post, type Reply, type Route } from '../http/route.ts'
import { isAtLeast } from '../http/version.ts'
import { parsePlatform } from '../images/platform.ts'
import { createForVersion } from './create-for-version.ts'
import { parseLogOptions } from './log-options.ts'
import { requireSize } from './resize.ts'
import { streamStats } from './stream-stats.ts'

const rawStream = 'application/vnd.docker.raw-stream'
const multiplexedStream = 'application/vnd.docker.multiplexed-stream'

/** Content-Type of attach, exec and logs: clients older than 1.42 know only the first name. */
export const streamType = (request: RequestContext, isTerminal: boolean): string =>
  isTerminal || !isAtLeast(request.version, 42) ? rawStream : multiplexedStream

const idOf = ({ params }: RequestContext): string => params['id'] ?? ''

export const containerRoutes = (context: ContainerContext, execs: Execs): Route[] => [
  get('/containers/json', async request => {
    const { query } = request
    const options = {
      all: queryFlag(query, 'all'),
      limit: queryInteger(query, 'limit') ?? 0,
      filters: parseFilters(query, listFilters),
    }
    if (!queryFlag(query, 'size')) return ok(listContainers(context, options))
    return ok(await listWithSizes(context, options, request.signal))
  }),
  post('/containers/create', async request => {
    const body = await request.readJson(createRequest)
    const name = request.query.get('name') ?? undefined
    const platform = parsePlatform(request.query.get('platform') ?? '')
    const options = { name, platform, signal: request.signal }
    return created(await createContainer(context, createForVersion(body, request.version), options))
  }),
  post('/containers/prune', async ({ query, signal }) =>
    ok(await pruneContainers(context, parseFilters(query, pruneFilters), signal)),
  ),
  get('/containers/{id}/json', async request => {
    const container = context.registry.get(idOf(request))
    const inspected = inspectContainer(context, container, execs.runningIds(container))
    if (!queryFlag(request.query, 'size')) return ok(inspected)
    return ok({ ...inspected, ...(await measureContainer(context, container, request.signal)) })
  }),
  post('/containers/{id}/start', async request => {
    if (request.query.get('checkpoint'))
      throw new BerthError('INVALID_ARGUMENT', 'checkpoint is only supported in experimental mode')
    return (await start(context, idOf(request))) ? noContent : notModified
  }),
  post('/containers/{id}/stop', async request =>
    (await stop(context, idOf(request), stopOptions(request))) ? noContent : notModified,
  ),
  post('/containers/{id}/restart', async request => {
    await restart(context, idOf(request), stopOptions(request))
    return noContent
  }),
  post('/containers/{id}/kill', async request => {
    await kill(context, idOf(request), request.query.get('signal') ?? '')
    return noContent
  }),
  post('/containers/{id}/pause', async request => {
    await pause(context, idOf(request))
    return noContent
  }),
  post('/containers/{id}/unpause', async request => {
    await unpause(context, idOf(request))
    return noContent
  }),
  post('/containers/{id}/rename', async request => {
    const name = request.query.get('name') ?? ''
    if (name === '') throw new BerthError('INVALID_ARGUMENT', 'Neither old nor new names may be empty')
    await renameContainer(context, idOf(request), name)
    return noContent
  }),
  post('/containers/{id}/update', async request =>
    ok(await updateContainer(context, idOf(request), await request.readJson(containerUpdateRequest))),
  ),
  post('/containers/{id}/resize', async request => {
    const { height, width } = requireSize(request.query)
    await resize(context, idOf(request), height, width)
    return { status: 200 }
  }),
  del('/containers/{id}', async request => {
    const { query } = request
    await remove(context, idOf(request), { force: queryFlag(query, 'force'), removeVolumes: queryFlag(query, 'v') })
    return noContent
  }),
  post('/containers/{id}/wait', request => waitRoute(context, request)),
  post('/containers/{id}/attach', request => attachRoute(context, request)),
  get('/containers/{id}/attach/ws', request => attachWebSocketRoute(context, request)),
  get('/containers/{id}/logs', request => logsRoute(context, request)),
  get('/containers/{id}/top', async request =>
    ok(await topContainer(context, idOf(request), request.query.get('ps_args') ?? '')),
  ),
  get('/containers/{id}/stats', async (request): Promise<Reply | undefined> => {
    const container = context.registry.get(idOf(request))
    if (queryFlag(request.query, 'stream', true)) return streamStats(context, container, request)
    const first = await sampleStats(context, container)
    if (queryFlag(request.query, 'one-shot') || container.live.monitor === undefined) return ok(first)
    // CPU percent needs two samples: dockerd waits for the second one too.
    await new Promise<void>(resolve => context.clock.after(1000, resolve))
    return ok(await sampleStats(context, container, first))
  }),
]

/** A body that says nothing of the container itself, in dockerd's words. */
const createRequest = {
  parse(value: unknown) {
    const { HostConfig: _host, NetworkingConfig: _networks, Berth: _own, ...config } = Object(value ?? {})
    if (!Array.isArray(value) && typeof (value ?? {}) === 'object' && Object.keys(config).length === 0)
      throw new BerthError('INVALID_ARGUMENT', 'config cannot be empty in order to create a container')
    return containerCreateRequest.parse(value)
  },
}

function stopOptions({ query }: RequestContext): StopOptions {
  const signal = query.get('signal')
  const timeoutSeconds = queryInteger(query, 't')
  return { ...(signal ? { signal } : {}), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) }
}

/** Headers go out at once, so that the client knows that nothing it does next can be missed; the body when the condition holds. */
async function waitRoute(context: ContainerContext, request: RequestContext): Promise<undefined> {
  const condition = request.query.get('condition') || 'not-running'
  if (condition !== 'not-running' && condition !== 'next-exit' && condition !== 'removed') {
    throw new BerthError('INVALID_ARGUMENT', `invalid condition: "${condition}"`)
  }
  const waiting = waitForCondition(context.registry.get(idOf(request)), condition satisfies WaitCondition)
  request.signal.addEventListener('abort', waiting.cancel, { once: true })
  const response = request.stream(200, { 'Content-Type': 'application/json' })
  const { code, error } = await waiting.result
  const failure = error === undefined ? {} : { Error: { Message: error } }
  response.end(`${JSON.stringify({ ...failure, StatusCode: code })}\n`)
  return undefined
}

async function attachRoute(context: ContainerContext, request: RequestContext): Promise<undefined> {
  const { query } = request
  const wanted = attachRequest(query)
  const container = context.registry.get(idOf(request))
  const type = streamType(request, container.record.config.Tty === true)
  // Attach has no body, but a client may send one: it must not be taken for input.
  await request.readBody()
  if (queryFlag(query, 'logs') && !queryFlag(query, 'stream')) return logsRoute(context, request)
  await attach(context, container.record.id, wanted, () => request.hijack(type))
  return undefined
}

const attachRequest = (query: URLSearchParams): AttachRequest => ({
  stdin: queryFlag(query, 'stdin'),
  stdout: queryFlag(query, 'stdout'),
  stderr: queryFlag(query, 'stderr'),
  detachKeys: parseDetachKeys(query.get('detachKeys')),
})

/** The same over a WebSocket: the output comes in binary messages, both streams as one. */
async function attachWebSocketRoute(context: ContainerContext, request: RequestContext): Promise<undefined> {
  const container = context.registry.get(idOf(request))
  await attach(context, container.record.id, { ...attachRequest(request.query), isPlain: true }, () =>
    request.webSocket(),
  )
  return undefined
}

async function logsRoute(context: ContainerContext, request: RequestContext): Promise<undefined> {
  const options = parseLogOptions(request.query)
  const container = context.registry.get(idOf(request))
  const { record } = container
  if (record.hostConfig.LogConfig?.Type === 'none') {
    throw new BerthError('NOT_IMPLEMENTED', 'configured logging driver does not support reading')
  }
  const end = logEnd(container)
  const response = request.stream(200, { 'Content-Type': streamType(request, record.config.Tty === true) })
  const source = {
    path: pathsOf(context, record.id).log,
    isTty: record.config.Tty === true,
    attributes: logAttributes(record),
    ended: end.ended,
  }
  try {
    for await (const output of readLogs(source, options, request.signal)) {
      if (!response.write(output)) await drained(response, request.signal)
    }
  } finally {
    end.cancel()
    response.end()
  }
  return undefined
}

function drained(response: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.on('drain', done)
    signal.addEventListener('abort', done)
  })
}
