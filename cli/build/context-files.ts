import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { parseIgnore } from '../../schemas/build-ignore.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { BuildInput } from '../plan/builds.ts'

/** What of a folder belongs to a build. */
export interface ContextFiles {
  readonly dockerfile: LocatedDockerfile
  /** Text of the ignore file that counts. */
  readonly ignore: string | undefined
  /** Whether a path of the context comes along; an ignored folder does for what an exception brings back in it. */
  includes(path: string, isFolder: boolean): boolean
}

export interface LocatedDockerfile {
  /** What it is called in the context. */
  readonly name: string
  /** Where it lies, for its own ignore file. */
  readonly path: string | undefined
  /** Set when it does not lie in the context. */
  readonly content: Buffer | undefined
}

/** Throws NOT_FOUND that names what is missing. */
export async function openContextFiles(input: BuildInput): Promise<ContextFiles> {
  const { context } = input
  await requireFolder(context, 'the build context')
  const dockerfile = await locateDockerfile(input)
  const ignore = await readIgnore(context, dockerfile.path)
  const ignores = parseIgnore(ignore ?? '')
  const hasExceptions = /^\s*!/m.test(ignore ?? '')
  const always = new Set(['', dockerfile.name, '.dockerignore'])
  const keepsSomething = (folder: string): boolean =>
    readdirSync(join(context, folder), { withFileTypes: true }).some(entry => {
      const path = join(folder, entry.name)
      return !ignores(path) || (entry.isDirectory() && keepsSomething(path))
    })
  const includes = (path: string, isFolder: boolean): boolean =>
    always.has(path) || !ignores(path) || (isFolder && hasExceptions && keepsSomething(path))
  return { dockerfile, ignore, includes }
}

export async function requireFolder(path: string, what: string): Promise<void> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isDirectory() !== true) throw new BerthError('NOT_FOUND', `${what} ${path} is no folder of this machine`)
}

async function locateDockerfile({ context, dockerfile, inline }: BuildInput): Promise<LocatedDockerfile> {
  const own = `.dockerfile.${randomBytes(8).toString('hex')}`
  if (inline !== undefined) return { name: own, path: undefined, content: Buffer.from(inline) }
  const path = resolve(context, dockerfile)
  const content = await readFile(path).catch(cause => {
    throw new BerthError('NOT_FOUND', `cannot read the Dockerfile ${path}`, { cause })
  })
  const inside = relative(context, path)
  return inside.startsWith('..') || isAbsolute(inside)
    ? { name: own, path, content }
    : { name: inside, path, content: undefined }
}

/** `<Dockerfile>.dockerignore` goes before `.dockerignore`. */
async function readIgnore(context: string, dockerfile: string | undefined): Promise<string | undefined> {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    join(context, '.dockerignore'),
  ]
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  return undefined
}
