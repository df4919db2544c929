import type { BuildExtension } from '../../schemas/api/build.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { buildImage } from '../client/images.ts'
import type { BuildInput } from '../plan/builds.ts'
import { packContext } from './pack-context.ts'

export interface SendBuildOptions {
  /** Contents of secrets by their id in the Dockerfile. */
  readonly secrets: ReadonlyMap<string, Buffer>
  /** Lines and pieces of output as they come. */
  readonly onText: (text: string) => void
  readonly signal?: AbortSignal | undefined
}

/** Builds one image on the engine; answers its id. Throws what the engine says, which names file, line and instruction. */
export async function sendBuild(client: EngineClient, input: BuildInput, options: SendBuildOptions): Promise<string> {
  const { isBerth } = await client.facts()
  if (!isBerth && (input.secrets.length > 0 || Object.keys(input.contexts).length > 0)) {
    throw new BerthError('NOT_IMPLEMENTED', 'this engine builds without secrets and additional contexts', {
      hint: 'build with Berth’s own engine',
    })
  }
  const packed = await packContext(input)
  const extension: BuildExtension = {
    scope: input.tags[0] ?? input.context,
    shownName: input.inline === undefined ? input.dockerfile : 'dockerfile_inline',
    secrets: Object.fromEntries([...options.secrets].map(([id, content]) => [id, content.toString('base64')])),
    contexts: packed.contexts,
  }
  const query = {
    dockerfile: packed.dockerfile,
    t: input.tags,
    buildargs: JSON.stringify(input.args),
    labels: JSON.stringify(input.labels),
    target: input.target,
    nocache: input.noCache || undefined,
    pull: input.pulls || undefined,
    networkmode: input.network,
    platform: input.platform,
    extrahosts:
      input.extraHosts.length === 0 ? undefined : input.extraHosts.map(text => text.replace('=', ':')).join(','),
    shmsize: input.shmBytes,
    ulimits: input.ulimits.length === 0 ? undefined : JSON.stringify(input.ulimits),
    rm: true,
    forcerm: true,
  }
  const header = Buffer.from(JSON.stringify(extension)).toString('base64url')
  let id = ''
  const call = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(isBerth ? { extension: header } : {}),
  }
  for await (const { stream, status, aux } of buildImage(client, query, packed.tar, call)) {
    const text = stream ?? (status === undefined ? undefined : `${status}\n`)
    if (text !== undefined) options.onText(text)
    if (typeof aux?.['ID'] === 'string') id = aux['ID']
  }
  if (id === '') throw new BerthError('INTERNAL', 'the engine ended the build without an image')
  return id
}
