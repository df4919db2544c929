import { Readable } from 'node:stream'
import type { BuildExtension } from '../../schemas/api/build.ts'
import type { ContextListing } from '../../schemas/api/context-listing.ts'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { buildImage } from '../client/images.ts'
import type { BuildInput } from '../plan/builds.ts'
import { type ContextFiles, openContextFiles } from './context-files.ts'
import { keepCache } from './keep-cache.ts'
import { listContext } from './list-context.ts'
import { type PackedContext, packContext } from './pack-context.ts'
import { openSshAgents } from './ssh-agents.ts'

export interface SendBuildOptions {
  /** Contents of secrets by their id in the Dockerfile. */
  readonly secrets: ReadonlyMap<string, Buffer>
  /** Lines and pieces of output as they come. */
  readonly onText: (text: string) => void
  /** Everything that the engine says, as it says it. */
  readonly onMessage?: (message: ProgressMessage) => void
  /** Where digests of contexts are kept from build to build; without it, the whole context is sent each time. */
  readonly digestsFolder?: string | undefined
  /** SSH_AUTH_SOCK. */
  readonly sshAgent?: string | undefined
  readonly registryAuth?: ((reference: string) => Promise<string | undefined>) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Builds one image on the engine; answers its id. Throws what the engine says, which names file, line and instruction. */
export async function sendBuild(client: EngineClient, input: BuildInput, options: SendBuildOptions): Promise<string> {
  const { isBerth } = await client.facts()
  const isMore =
    input.secrets.length + Object.keys(input.contexts).length + input.ssh.length + input.entitlements.length
  if (!isBerth && isMore > 0) {
    throw new BerthError(
      'NOT_IMPLEMENTED',
      'this engine builds without secrets, ssh agents, entitlements and additional contexts',
      { hint: 'build with Berth’s own engine' },
    )
  }
  if (input.ssh.length > 0 && !client.host.startsWith('unix://')) {
    throw new BerthError('NOT_IMPLEMENTED', 'ssh agents are given to an engine on this machine only')
  }
  await using agents = await openSshAgents(input.ssh, options.sshAgent)
  const extension = extensionOf(input, options.secrets, agents.sockets)
  const call = { client, input, isBerth, extension, options }
  const id = isRemote(input.context)
    ? await sendContext(call, remoteContext(input))
    : await sendFiles(call, await openContextFiles(input))
  await keepCache(client, id, input.cacheTo, options)
  return id
}

interface BuildCall {
  readonly client: EngineClient
  readonly input: BuildInput
  readonly isBerth: boolean
  readonly extension: BuildExtension
  readonly options: SendBuildOptions
}

const extensionOf = (
  input: BuildInput,
  secrets: ReadonlyMap<string, Buffer>,
  ssh: NonNullable<BuildExtension['ssh']>,
): BuildExtension => ({
  scope: input.tags[0] ?? input.context,
  shownName: input.inline === undefined ? input.dockerfile : 'dockerfile_inline',
  secrets: Object.fromEntries([...secrets].map(([id, content]) => [id, content.toString('base64')])),
  ssh,
  entitlements: [...input.entitlements],
  noCacheStages: [...input.noCacheStages],
  keepsKeys: input.cacheTo.length > 0,
})

/** First only what the context holds, which is enough where nothing has changed; the files themselves when the engine needs them. */
async function sendFiles(call: BuildCall, files: ContextFiles): Promise<string> {
  const { input, isBerth, options } = call
  const listing =
    isBerth && options.digestsFolder !== undefined
      ? listContext(input, files, { cacheFolder: options.digestsFolder, now: Date.now() })
      : undefined
  if (listing !== undefined) {
    const id = await sendListing(call, files.dockerfile.name, listing)
    if (id !== undefined) return id
  }
  return sendContext(call, await packContext(input, files))
}

async function sendListing(call: BuildCall, dockerfile: string, listing: ContextListing): Promise<string | undefined> {
  const { client, input, extension, options } = call
  const images = Object.entries(input.contexts).flatMap(([name, source]) =>
    'image' in source ? [[name, source] as const] : [],
  )
  const contexts = Object.fromEntries(images)
  const query = queryOf(input, dockerfile)
  const body = Readable.from([Buffer.from(JSON.stringify(listing))])
  const messages: ProgressMessage[] = []
  const more = callOptions(options, { ...extension, contexts, isListed: true })
  for await (const message of buildImage(client, query, body, more)) {
    if (message.aux?.['needsContext'] === true) return undefined
    messages.push(message)
  }
  return tell(messages, options)
}

async function sendContext(call: BuildCall, packed: PackedContext): Promise<string> {
  const { client, input, isBerth, extension, options } = call
  const more = callOptions(options, isBerth ? { ...extension, contexts: packed.contexts } : undefined)
  return tell(buildImage(client, queryOf(input, packed.dockerfile), packed.tar, more), options)
}

const callOptions = ({ signal }: SendBuildOptions, extension: BuildExtension | undefined) => ({
  ...(signal === undefined ? {} : { signal }),
  ...(extension === undefined ? {} : { extension: Buffer.from(JSON.stringify(extension)).toString('base64url') }),
})

/** Passes on what the engine says; answers the image's id. */
async function tell(
  messages: AsyncIterable<ProgressMessage> | Iterable<ProgressMessage>,
  options: SendBuildOptions,
): Promise<string> {
  let id = ''
  for await (const message of messages) {
    const { stream, status, aux } = message
    options.onMessage?.(message)
    const text = stream ?? (status === undefined ? undefined : `${status}\n`)
    if (text !== undefined) options.onText(text)
    if (typeof aux?.['ID'] === 'string') id = aux['ID']
  }
  if (id === '') throw new BerthError('INTERNAL', 'the engine ended the build without an image')
  return id
}

/** What the engine fetches itself. */
export const isRemote = (context: string): boolean =>
  /^(https?|git|ssh):\/\//.test(context) || /^github\.com\//.test(context) || /^[\w.-]+@[\w.-]+:/.test(context)

function remoteContext({ context, dockerfile, inline, contexts }: BuildInput): PackedContext {
  if (inline !== undefined || Object.values(contexts).some(source => 'folder' in source)) {
    throw new BerthError('NOT_IMPLEMENTED', `the build context ${context} is remote: nothing is sent with it`, {
      hint: 'dockerfile_inline and folders as additional contexts need a context of this machine',
    })
  }
  const named = Object.entries(contexts).flatMap(([name, source]) =>
    'image' in source ? [[name, source] as const] : [],
  )
  return { tar: Readable.from([]), dockerfile, contexts: Object.fromEntries(named) }
}

const queryOf = (input: BuildInput, dockerfile: string) => ({
  dockerfile,
  remote: isRemote(input.context) ? input.context : undefined,
  t: input.tags,
  buildargs: JSON.stringify(input.args),
  labels: JSON.stringify(input.labels),
  target: input.target,
  nocache: input.noCache || undefined,
  pull: input.pulls || undefined,
  networkmode: input.network,
  platform: input.platform,
  cachefrom: input.cacheFrom.length === 0 ? undefined : JSON.stringify(input.cacheFrom),
  extrahosts:
    input.extraHosts.length === 0 ? undefined : input.extraHosts.map(text => text.replace('=', ':')).join(','),
  shmsize: input.shmBytes,
  ulimits: input.ulimits.length === 0 ? undefined : JSON.stringify(input.ulimits),
  rm: true,
  forcerm: true,
})
