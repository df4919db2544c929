import { Readable } from 'node:stream'
import type { BuildExtension } from '../../schemas/api/build.ts'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { buildImage } from '../client/images.ts'
import type { BuildInput } from '../plan/builds.ts'
import { keepCache } from './keep-cache.ts'
import { type PackedContext, packContext } from './pack-context.ts'
import { openSshAgents } from './ssh-agents.ts'

export interface SendBuildOptions {
  /** Contents of secrets by their id in the Dockerfile. */
  readonly secrets: ReadonlyMap<string, Buffer>
  /** Lines and pieces of output as they come. */
  readonly onText: (text: string) => void
  /** Everything that the engine says, as it says it. */
  readonly onMessage?: (message: ProgressMessage) => void
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
  const packed = isRemote(input.context) ? remoteContext(input) : await packContext(input)
  const extension: BuildExtension = {
    scope: input.tags[0] ?? input.context,
    shownName: input.inline === undefined ? input.dockerfile : 'dockerfile_inline',
    secrets: Object.fromEntries([...options.secrets].map(([id, content]) => [id, content.toString('base64')])),
    contexts: packed.contexts,
    ssh: agents.sockets,
    entitlements: [...input.entitlements],
    noCacheStages: [...input.noCacheStages],
    keepsKeys: input.cacheTo.length > 0,
  }
  const header = Buffer.from(JSON.stringify(extension)).toString('base64url')
  let id = ''
  const call = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(isBerth ? { extension: header } : {}),
  }
  for await (const message of buildImage(client, queryOf(input, packed), packed.tar, call)) {
    const { stream, status, aux } = message
    options.onMessage?.(message)
    const text = stream ?? (status === undefined ? undefined : `${status}\n`)
    if (text !== undefined) options.onText(text)
    if (typeof aux?.['ID'] === 'string') id = aux['ID']
  }
  if (id === '') throw new BerthError('INTERNAL', 'the engine ended the build without an image')
  await keepCache(client, id, input.cacheTo, options)
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

const queryOf = (input: BuildInput, { dockerfile }: PackedContext) => ({
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
