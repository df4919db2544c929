import type { Readable } from 'node:stream'
import type { ContainerCreateRequest, ContainerCreateResponse } from '../../schemas/api/container-create.ts'
import type {
  ContainerInspect,
  ContainerSummary,
  ContainerTop,
  ContainerWaitResponse,
  PathStat,
} from '../../schemas/api/containers.ts'
import type { Filters } from '../../schemas/api/filters.ts'
import type { ContainerUpdateRequest, ContainerUpdateResponse } from '../../schemas/api/host-config.ts'
import type { ContainerStats } from '../../schemas/api/stats.ts'
import { type CallOptions, type EngineClient, type HijackedStream, withSignal } from './engine-client.ts'
import { type OutputChunk, readOutput } from './frames.ts'
import { readJsonLines } from './json-lines.ts'

const pathOf = (id: string, rest = ''): string => `/containers/${encodeURIComponent(id)}${rest}`

export function listContainers(
  client: EngineClient,
  query: { readonly all?: boolean; readonly filters?: Filters; readonly size?: boolean; readonly limit?: number },
  options: CallOptions = {},
): Promise<readonly ContainerSummary[]> {
  const { all, size, limit, filters } = query
  return client.json({
    method: 'GET',
    path: '/containers/json',
    query: { all, size, limit, filters: filters && JSON.stringify(filters) },
    ...withSignal(options),
  })
}

export function inspectContainer(
  client: EngineClient,
  id: string,
  options: CallOptions = {},
): Promise<ContainerInspect> {
  return client.json({ method: 'GET', path: pathOf(id, '/json'), ...withSignal(options) })
}

export function createContainer(
  client: EngineClient,
  name: string | undefined,
  body: ContainerCreateRequest,
  options: CallOptions & { readonly platform?: string } = {},
): Promise<ContainerCreateResponse> {
  const query = { name, platform: options.platform }
  return client.json({ method: 'POST', path: '/containers/create', query, body, ...withSignal(options) })
}

export function startContainer(client: EngineClient, id: string, options: CallOptions = {}): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(id, '/start'), ...withSignal(options) })
}

type StopOptions = CallOptions & { readonly signalName?: string | undefined }

/** Resolves when the container is down; the engine kills it after `timeoutSeconds` (default: its own StopTimeout, or 10). */
export function stopContainer(
  client: EngineClient,
  id: string,
  timeoutSeconds: number | undefined,
  options: StopOptions = {},
): Promise<void> {
  return end(client, pathOf(id, '/stop'), timeoutSeconds, options)
}

/** As `stopContainer`, and then started again. */
export function restartContainer(
  client: EngineClient,
  id: string,
  timeoutSeconds: number | undefined,
  options: StopOptions = {},
): Promise<void> {
  return end(client, pathOf(id, '/restart'), timeoutSeconds, options)
}

function end(
  client: EngineClient,
  path: string,
  timeoutSeconds: number | undefined,
  options: StopOptions,
): Promise<void> {
  const query = { t: timeoutSeconds, signal: options.signalName }
  return client.json({ method: 'POST', path, query, ...withSignal(options) })
}

export function killContainer(
  client: EngineClient,
  id: string,
  signalName: string,
  options: CallOptions = {},
): Promise<void> {
  return client.json({
    method: 'POST',
    path: pathOf(id, '/kill'),
    query: { signal: signalName },
    ...withSignal(options),
  })
}

export function pauseContainer(client: EngineClient, id: string, options: CallOptions = {}): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(id, '/pause'), ...withSignal(options) })
}

export function unpauseContainer(client: EngineClient, id: string, options: CallOptions = {}): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(id, '/unpause'), ...withSignal(options) })
}

export function renameContainer(
  client: EngineClient,
  id: string,
  name: string,
  options: CallOptions = {},
): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(id, '/rename'), query: { name }, ...withSignal(options) })
}

/** `force` kills a running container first; `volumes` removes its anonymous volumes too. */
export function removeContainer(
  client: EngineClient,
  id: string,
  query: { readonly force?: boolean; readonly volumes?: boolean },
  options: CallOptions = {},
): Promise<void> {
  const { force, volumes } = query
  return client.json({ method: 'DELETE', path: pathOf(id), query: { force, v: volumes }, ...withSignal(options) })
}

export function updateContainer(
  client: EngineClient,
  id: string,
  body: ContainerUpdateRequest,
  options: CallOptions = {},
): Promise<ContainerUpdateResponse> {
  return client.json({ method: 'POST', path: pathOf(id, '/update'), body, ...withSignal(options) })
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed'

/**
 * Two steps, because the engine sends its headers at once and the body when the condition holds: the outer promise says "it is watching
 * now" (start the container after that), the inner one the exit code.
 */
export async function waitContainer(
  client: EngineClient,
  id: string,
  condition: WaitCondition,
  options: CallOptions = {},
): Promise<{ readonly exit: Promise<ContainerWaitResponse> }> {
  const { body } = await client.stream({
    method: 'POST',
    path: pathOf(id, '/wait'),
    query: { condition },
    ...withSignal(options),
  })
  const read = async (): Promise<ContainerWaitResponse> => {
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString()) as ContainerWaitResponse
  }
  return { exit: read() }
}

export function attachContainer(
  client: EngineClient,
  id: string,
  query: {
    readonly stdin: boolean
    readonly stdout: boolean
    readonly stderr: boolean
    readonly logs?: boolean
    readonly detachKeys?: string
  },
  options: CallOptions = {},
): Promise<HijackedStream> {
  const streams = { stream: true, stdin: query.stdin, stdout: query.stdout, stderr: query.stderr, logs: query.logs }
  return client.hijack({
    method: 'POST',
    path: pathOf(id, '/attach'),
    query: { ...streams, detachKeys: query.detachKeys },
    ...withSignal(options),
  })
}

export function resizeContainer(client: EngineClient, id: string, rows: number, columns: number): Promise<void> {
  return client.json({ method: 'POST', path: pathOf(id, '/resize'), query: { h: rows, w: columns } })
}

export interface LogsQuery {
  readonly follow?: boolean
  /** `all` or a number of lines. */
  readonly tail?: string
  /** Seconds since 1970, with a fraction. */
  readonly since?: string
  readonly until?: string
  readonly timestamps?: boolean
  readonly stdout?: boolean
  readonly stderr?: boolean
}

/** What a container wrote. The framing is taken from the answer's content type; engines before API 1.42 do not say, then `tty` decides. */
export async function containerLogs(
  client: EngineClient,
  id: string,
  query: LogsQuery,
  options: CallOptions & { readonly tty?: boolean } = {},
): Promise<AsyncGenerator<OutputChunk>> {
  const { stdout = true, stderr = true, follow, tail, since, until, timestamps } = query
  const { headers, body } = await client.stream({
    method: 'GET',
    path: pathOf(id, '/logs'),
    query: { stdout, stderr, follow, tail, since, until, timestamps },
    ...withSignal(options),
  })
  return readOutput(body, isMultiplexed(headers['content-type'], options.tty))
}

function isMultiplexed(contentType: string | string[] | undefined, tty: boolean | undefined): boolean {
  if (contentType === 'application/vnd.docker.multiplexed-stream') return true
  if (contentType === 'application/vnd.docker.raw-stream') return tty === undefined ? false : !tty
  return tty !== true
}

export function containerTop(
  client: EngineClient,
  id: string,
  psArguments: string | undefined,
  options: CallOptions = {},
): Promise<ContainerTop> {
  return client.json({
    method: 'GET',
    path: pathOf(id, '/top'),
    query: { ps_args: psArguments },
    ...withSignal(options),
  })
}

/** `follow: false` gives one sample; `oneShot` does not wait for a second one to compare with. */
export async function containerStats(
  client: EngineClient,
  id: string,
  query: { readonly follow: boolean; readonly oneShot?: boolean },
  options: CallOptions = {},
): Promise<AsyncGenerator<ContainerStats>> {
  const { body } = await client.stream({
    method: 'GET',
    path: pathOf(id, '/stats'),
    query: { stream: query.follow, 'one-shot': query.oneShot },
    ...withSignal(options),
  })
  return readJsonLines<ContainerStats>(body)
}

/** Unpacks a tar archive inside the container, at a folder that is there. */
export function putArchive(
  client: EngineClient,
  id: string,
  query: { readonly path: string; readonly noOverwriteDirNonDir?: boolean; readonly copyUIDGID?: boolean },
  archive: Readable,
  options: CallOptions = {},
): Promise<void> {
  const headers = { 'Content-Type': 'application/x-tar' }
  return client.json({
    method: 'PUT',
    path: pathOf(id, '/archive'),
    query,
    stream: archive,
    headers,
    ...withSignal(options),
  })
}

/** A file or folder of the container as a tar archive, and what it is. */
export async function getArchive(
  client: EngineClient,
  id: string,
  path: string,
  options: CallOptions = {},
): Promise<{ readonly archive: Readable; readonly stat: PathStat }> {
  const { body, headers } = await client.stream({
    method: 'GET',
    path: pathOf(id, '/archive'),
    query: { path },
    ...withSignal(options),
  })
  return { archive: body, stat: decodePathStat(headers['x-docker-container-path-stat']) }
}

export async function statPath(
  client: EngineClient,
  id: string,
  path: string,
  options: CallOptions = {},
): Promise<PathStat> {
  const { body, headers } = await client.stream({
    method: 'HEAD',
    path: pathOf(id, '/archive'),
    query: { path },
    ...withSignal(options),
  })
  body.resume()
  return decodePathStat(headers['x-docker-container-path-stat'])
}

const decodePathStat = (header: string | string[] | undefined): PathStat =>
  JSON.parse(Buffer.from(String(header), 'base64').toString()) as PathStat
