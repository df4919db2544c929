import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod/mini'
import { type BuildExtension, buildExtension } from '../../schemas/api/build.ts'
import { contextListing } from '../../schemas/api/context-listing.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { ContextNeeded, ListedContext } from '../build/listed-context.ts'
import type { BuildRequest } from '../build/request.ts'
import type { BuildService, BuildSource } from '../build/service.ts'
import { FailedStep } from '../build/steps/run-step.ts'
import { wholeTar } from '../containers/whole-tar.ts'
import { parseBody, queryFlag, queryInteger, type RequestContext } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { get, ok, post, type Route } from '../http/route.ts'
import { parsePlatform } from '../images/platform.ts'
import { familiarName, fullName, parseReference, withDefaultTag } from '../images/reference.ts'
import { ProgressStream } from './progress-stream.ts'

export const buildRoutes = (service: BuildService): Route[] => [
  post('/build', context => build(service, context)),
  post('/build/cancel', ({ query }) => {
    // Builds end with their client's connection.
    if (!query.get('id')) throw new BerthError('INVALID_ARGUMENT', 'build ID not provided')
    return { status: 200 }
  }),
  post('/build/prune', async ({ query }) => {
    checkPrune(query)
    const { ids, bytes } = await service.prune()
    return ok({ CachesDeleted: ids, SpaceReclaimed: bytes })
  }),
  get('/berth/v1/images/{name...}/rootfs', context => rootfs(service, context)),
]

function checkPrune(query: URLSearchParams): void {
  const known = ['id', 'parent', 'type', 'description', 'inuse', 'shared', 'private', 'until']
  parseFilters(query, known)
  for (const name of ['keep-storage', 'reserved-space', 'max-used-space', 'min-free-space']) {
    const text = query.get(name) ?? ''
    if (text !== '' && !/^-?\d{1,18}$/.test(text)) {
      const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
      throw new BerthError('INVALID_ARGUMENT', `${name} is in bytes and expects an integer, got ${text}: ${why}`)
    }
  }
}

/** POST /build, as the classic builder answers it: lines of output, the id as `aux`, an error with the program's exit code. */
async function build(service: BuildService, context: RequestContext): Promise<undefined> {
  const { query } = context
  if (query.get('version') === '2')
    throw new BerthError('NOT_IMPLEMENTED', 'builds by BuildKit’s protocol are not served: set DOCKER_BUILDKIT=0')
  const extension = extensionOf(context)
  const parse = requestOf(context, extension)
  const source = await sourceOf(context, extension)
  const progress = new ProgressStream(context)
  const isQuiet = queryFlag(query, 'q')
  const report = {
    line: (text: string) => isQuiet || progress.send({ stream: `${text}\n` }),
    output: (text: string) => isQuiet || progress.send({ stream: text }),
  }
  return progress.run(async () => {
    try {
      const request = { value: undefined as BuildRequest | undefined }
      const image = await service.build(source, folder => (request.value = parse(folder)), report, context.signal)
      progress.send({ aux: { ID: image.id } })
      progress.send({ stream: isQuiet ? `${image.id}\n` : `Successfully built ${image.id.slice(7, 19)}\n` })
      for (const name of request.value?.names ?? [])
        report.line(`Successfully tagged ${familiarName(parseReference(name))}`)
    } catch (error) {
      if (error instanceof ContextNeeded) return progress.send({ aux: { needsContext: true } })
      if (!(error instanceof FailedStep)) throw error
      progress.send({ errorDetail: { code: error.exitCode, message: error.message }, error: error.message })
    }
  })
}

async function rootfs(service: BuildService, context: RequestContext): Promise<undefined> {
  const send = async (tar: Readable): Promise<void> => {
    const response = context.stream(200, { 'Content-Type': 'application/x-tar' })
    await pipeline(wholeTar(tar), response).catch(() => response.destroy())
  }
  await service.rootfs(context.params['name'] ?? '', send, context.signal)
}

const extensionOf = ({ headers }: RequestContext): BuildExtension =>
  buildExtension.parse(JSON.parse(Buffer.from(String(headers['x-berth-build'] ?? 'e30'), 'base64url').toString('utf8')))

async function sourceOf(context: RequestContext, { isListed }: BuildExtension): Promise<BuildSource> {
  const remote = context.query.get('remote') ?? ''
  if (isListed !== true) return remote === '' ? context.body : { remote }
  const listing = parseBody(await context.readBody(), contextListing)
  return { listed: new ListedContext(listing, dockerfileOf(context.query)) }
}

const dockerfileOf = (query: URLSearchParams): string => query.get('dockerfile') || 'Dockerfile'

const textMap = z.record(z.string(), z.string())
const argMap = z.record(z.string(), z.nullable(z.string()))

/** Everything but the folder of the context is checked before the context is read. */
function requestOf({ query }: RequestContext, extension: BuildExtension): (folder: string) => BuildRequest {
  const names = query.getAll('t').flatMap(text => (text === '' ? [] : [fullName(withDefaultTag(parseReference(text)))]))
  const dockerfile = dockerfileOf(query)
  const args = parameter(query, 'buildargs', argMap)
  const shared = {
    dockerfile,
    shownName: extension.shownName ?? dockerfile,
    names,
    scope: extension.scope ?? names[0] ?? dockerfile,
    args: new Map(Object.entries(args)),
    target: query.get('target') ?? '',
    noCache: queryFlag(query, 'nocache'),
    pulls: queryFlag(query, 'pull'),
    labels: parameter(query, 'labels', textMap),
    network: query.get('networkmode') || 'default',
    hostConfig: hostConfigOf(query),
    platform: parsePlatform(query.get('platform') ?? ''),
    cacheFrom: cacheFromOf(query),
    keepsKeys: extension.keepsKeys === true || ['1', 'true'].includes(args['BUILDKIT_INLINE_CACHE'] ?? ''),
    entitlements: new Set(extension.entitlements ?? []),
    noCacheStages: new Set((extension.noCacheStages ?? []).map(name => name.toLowerCase())),
    agents: new Map(Object.entries(extension.ssh ?? {}).map(([id, { socket }]) => [id, socket])),
    secrets: new Map(Object.entries(extension.secrets ?? {}).map(([id, text]) => [id, Buffer.from(text, 'base64')])),
  }
  const contexts = Object.entries(extension.contexts ?? {})
  return folder => ({
    ...shared,
    contexts: new Map(
      contexts.map(([name, context]) => [
        name,
        'image' in context ? context : { folder: `${folder}/${context.folder}` },
      ]),
    ),
  })
}

/** A list of images in JSON. */
const cacheFromOf = (query: URLSearchParams): readonly string[] =>
  parameter(query, 'cachefrom', z.nullable(z.array(z.string())), '[]') ?? []

function parameter<T>(query: URLSearchParams, name: string, schema: z.ZodMiniType<T>, fallback = '{}'): T {
  const text = query.get(name) || fallback
  try {
    return schema.parse(JSON.parse(text) ?? JSON.parse(fallback))
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', `${name}: expected JSON of texts, found ${text}`, { cause })
  }
}

/** Limits of the containers that RUN makes. */
function hostConfigOf(query: URLSearchParams): HostConfig {
  const numbers = {
    Memory: 'memory',
    MemorySwap: 'memswap',
    CpuShares: 'cpushares',
    CpuPeriod: 'cpuperiod',
    CpuQuota: 'cpuquota',
    ShmSize: 'shmsize',
  }
  const entries = Object.entries(numbers).flatMap(([member, name]) => {
    const value = queryInteger(query, name)
    return value === undefined || value === 0 ? [] : [[member, value] as const]
  })
  const hosts = query
    .getAll('extrahosts')
    .flatMap(text => text.split(','))
    .filter(text => text !== '')
  const cpuset = query.get('cpusetcpus') ?? ''
  const ulimits = JSON.parse(query.get('ulimits') || '[]') as HostConfig['Ulimits']
  return {
    ...Object.fromEntries(entries),
    ...(cpuset === '' ? {} : { CpusetCpus: cpuset }),
    ...(hosts.length === 0 ? {} : { ExtraHosts: hosts }),
    ...(ulimits === undefined || ulimits === null || ulimits.length === 0 ? {} : { Ulimits: ulimits }),
  }
}
