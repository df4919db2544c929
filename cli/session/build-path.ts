import { stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { bytesOf } from '../../schemas/stack/bytes.ts'
import { digestsFolder } from '../build/content-digests.ts'
import { type BuildOutput, parseOutput, writeOutput } from '../build/outputs.ts'
import { readSecrets } from '../build/read-secrets.ts'
import { isRemote, sendBuild } from '../build/send-build.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { inspectImage, listImages, pushImage, removeImage } from '../client/images.ts'
import { parseCacheSource, parseCacheTarget } from '../plan/build-cache.ts'
import { type BuildInput, parseSsh, plainBuild } from '../plan/builds.ts'
import { registryAuth } from '../registry/registry-auth.ts'
import { connect } from './connect.ts'
import type { Context } from './context.ts'
import { splitImageName } from './image-name.ts'

export interface BuildPathFlags {
  readonly buildArg: readonly string[]
  /** commander's name for `--no-cache`. */
  readonly cache: boolean
  readonly pull?: true
  readonly quiet?: true
  readonly push?: true
  readonly tag: readonly string[]
  readonly dockerfile?: string
  readonly target?: string
  readonly label: readonly string[]
  readonly network?: string
  readonly secret: readonly string[]
  readonly ssh: readonly string[]
  readonly iidfile?: string
  readonly metadataFile?: string
  readonly output: readonly string[]
  readonly platform?: string
  readonly cacheFrom: readonly string[]
  readonly cacheTo: readonly string[]
  /** commander's name for `--no-cache-filter`. */
  readonly cacheFilter: readonly string[]
  readonly buildContext: readonly string[]
  readonly addHost: readonly string[]
  readonly allow: readonly string[]
  readonly shmSize?: string
}

/** True for what is meant as a folder (`.`, anything with a slash), or an address. */
export async function isPath({ cwd }: Context, text: string): Promise<boolean> {
  if (isRemote(text)) return true
  if (text !== '.' && text !== '..' && !text.includes('/')) return false
  return (await stat(resolve(cwd, text)).catch(() => undefined))?.isDirectory() === true
}

/** `berth build PATH`: one image, without a stack. Its output goes to standard output as it comes, or to standard error where the result does. */
export async function buildPath(context: Context, path: string, flags: BuildPathFlags): Promise<number> {
  const { cwd, env, signal } = context
  const outputs = flags.output.map(text => parseOutput(text, cwd))
  const isTaken = outputs.some(output => 'dest' in output && output.dest === undefined)
  const secrets = await readSecrets(flags.secret, cwd, env)
  const input = { ...inputOf(context, path, flags), secrets: [...secrets.keys()].map(id => ({ id, key: id })) }
  const client = await connect(context)
  const known = await danglingImages(client, outputs, flags.tag)
  const isRaw = context.globals.progress === 'json'
  const stream = isTaken ? context.stderr : context.stdout
  const isQuiet = flags.quiet === true || context.globals.progress === 'quiet'
  const id = await sendBuild(client, input, {
    secrets,
    onText: text => isQuiet || isRaw || stream.write(text),
    onMessage: message => isRaw && !isQuiet && stream.write(`${JSON.stringify(message)}\n`),
    digestsFolder: digestsFolder(env),
    sshAgent: env['SSH_AUTH_SOCK'],
    registryAuth: reference => registryAuth(env, reference),
    signal,
  })
  for (const output of outputs) await writeOutput(client, flags.tag[0] ?? id, output, context.stdout)
  if (flags.push === true || outputs.some(output => output.kind === 'image' && output.isPushed))
    for (const tag of flags.tag) await push(context, client, tag, isQuiet)
  if (flags.iidfile !== undefined) await writeFile(resolve(cwd, flags.iidfile), id)
  if (flags.metadataFile !== undefined) await writeMetadata(client, id, flags.tag, resolve(cwd, flags.metadataFile))
  // Whoever wants files wants no image: what was not there before goes again.
  if (known !== undefined && !known.has(id)) await removeImage(client, id, { noprune: true }).catch(() => undefined)
  if (isQuiet && !isTaken) context.stdout.write(`${id}\n`)
  return 0
}

function inputOf({ cwd, env }: Context, path: string, flags: BuildPathFlags): BuildInput {
  const { dockerfile } = flags
  return {
    ...plainBuild,
    context: isRemote(path) ? path : resolve(cwd, path),
    ...(dockerfile === undefined ? {} : { dockerfile: isRemote(path) ? dockerfile : resolve(cwd, dockerfile) }),
    args: pairs(flags.buildArg, env),
    target: flags.target,
    labels: pairs(flags.label, {}),
    tags: flags.tag,
    network: flags.network,
    noCache: !flags.cache,
    pulls: flags.pull === true,
    contexts: Object.fromEntries(
      Object.entries(pairs(flags.buildContext, {})).map(([name, source]) => [name, contextOf(source, cwd)]),
    ),
    extraHosts: flags.addHost,
    shmBytes: flags.shmSize === undefined ? undefined : bytesOf(flags.shmSize),
    platform: flags.platform,
    ssh: flags.ssh.map(parseSsh),
    entitlements: flags.allow,
    noCacheStages: flags.cacheFilter.flatMap(text => text.split(',')),
    cacheFrom: flags.cacheFrom.map(text => parseCacheSource(text, cwd)),
    cacheTo: flags.cacheTo.map(text => parseCacheTarget(text, cwd)),
  }
}

const contextOf = (source: string, cwd: string): BuildInput['contexts'][string] =>
  source.startsWith('docker-image://')
    ? { image: source.slice('docker-image://'.length) }
    : { folder: resolve(cwd, source) }

/** Images without a name, where the image itself is not asked for; undefined where it is. */
async function danglingImages(
  client: EngineClient,
  outputs: readonly BuildOutput[],
  tags: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  if (tags.length > 0 || outputs.length === 0 || outputs.some(({ kind }) => kind === 'image')) return undefined
  return new Set((await listImages(client, { all: true })).map(({ Id }) => Id))
}

async function push(context: Context, client: EngineClient, reference: string, isQuiet: boolean): Promise<void> {
  const { name, tag = 'latest' } = splitImageName(reference)
  const auth = await registryAuth(context.env, reference)
  for await (const { status, id } of pushImage(client, name, { tag }, auth === undefined ? {} : { auth }))
    if (!isQuiet && status !== undefined) context.stderr.write(`${id === undefined ? '' : `${id}: `}${status}\n`)
}

async function writeMetadata(client: EngineClient, id: string, tags: readonly string[], path: string): Promise<void> {
  const { RepoDigests = [] } = await inspectImage(client, id)
  const digest = RepoDigests?.[0]?.split('@')[1]
  const metadata = {
    ...(digest === undefined ? {} : { 'containerimage.digest': digest }),
    'containerimage.config.digest': id,
    ...(tags.length === 0 ? {} : { 'image.name': tags.join(',') }),
  }
  await writeFile(path, `${JSON.stringify(metadata, undefined, 2)}\n`)
}

function pairs(texts: readonly string[], env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    texts.flatMap((text): [string, string][] => {
      const at = text.indexOf('=')
      if (at !== -1) return [[text.slice(0, at), text.slice(at + 1)]]
      const value = env[text]
      return value === undefined ? [] : [[text, value]]
    }),
  )
}
