import { readFile, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { sendBuild } from '../build/send-build.ts'
import type { BuildInput } from '../plan/builds.ts'
import { connect } from './connect.ts'
import type { Context } from './context.ts'

export interface BuildPathFlags {
  readonly buildArg: readonly string[]
  /** commander's name for `--no-cache`. */
  readonly cache: boolean
  readonly pull?: true
  readonly quiet?: true
  readonly tag: readonly string[]
  readonly dockerfile?: string
  readonly target?: string
  readonly label: readonly string[]
  readonly network?: string
  readonly secret: readonly string[]
  readonly iidfile?: string
}

/** True for what is meant as a folder: `.`, anything with a slash. */
export async function isPath({ cwd }: Context, text: string): Promise<boolean> {
  if (text !== '.' && text !== '..' && !text.includes('/')) return false
  return (await stat(resolve(cwd, text)).catch(() => undefined))?.isDirectory() === true
}

/** `berth build PATH`: one image, without a stack. Its output goes to standard output as it comes. */
export async function buildPath(context: Context, path: string, flags: BuildPathFlags): Promise<number> {
  const { cwd, env, stdout, signal } = context
  const secrets = await readSecrets(context, flags.secret)
  const folder = resolve(cwd, path)
  const input: BuildInput = {
    context: folder,
    dockerfile: flags.dockerfile === undefined ? 'Dockerfile' : resolve(cwd, flags.dockerfile),
    inline: undefined,
    args: pairs(flags.buildArg, env),
    target: flags.target,
    labels: pairs(flags.label, {}),
    tags: flags.tag,
    network: flags.network,
    noCache: !flags.cache,
    pulls: flags.pull === true,
    secrets: [...secrets.keys()].map(id => ({ id, key: id })),
    contexts: {},
    extraHosts: [],
    shmBytes: undefined,
    ulimits: [],
    platform: undefined,
  }
  const client = await connect(context)
  const onText = (text: string): void => {
    if (flags.quiet !== true) stdout.write(text)
  }
  const id = await sendBuild(client, input, { secrets, onText, signal })
  if (flags.iidfile !== undefined) await writeFile(resolve(cwd, flags.iidfile), id)
  if (flags.quiet === true) stdout.write(`${id}\n`)
  return 0
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

/** `id=ID,src=FILE` or `id=ID,env=NAME`. */
async function readSecrets({ cwd, env }: Context, texts: readonly string[]): Promise<Map<string, Buffer>> {
  const secrets = new Map<string, Buffer>()
  for (const text of texts) {
    const fields = Object.fromEntries(text.split(',').map(field => field.split(/=(.*)/s, 2)))
    const { id, src = fields['source'], env: variable } = fields as Readonly<Record<string, string | undefined>>
    if (id === undefined || id === '')
      throw new BerthError('USAGE', `--secret ${text}: expected id=ID with src=FILE or env=NAME`)
    const value = variable === undefined ? undefined : env[variable]
    if (src === undefined && value === undefined)
      throw new BerthError('USAGE', `--secret ${text}: there is neither a file nor a variable that is set`)
    secrets.set(id, src === undefined ? Buffer.from(value ?? '') : await readFile(resolve(cwd, src)))
  }
  return secrets
}
