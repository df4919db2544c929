import { randomBytes } from 'node:crypto'
import { readdirSync, type Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Readable } from 'node:stream'
import type { TarSource } from 'modern-tar/fs'
import { type Ignore, parseIgnore } from '../../schemas/build-ignore.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { BuildInput } from '../plan/builds.ts'

export interface PackedContext {
  readonly tar: Readable
  /** What the Dockerfile is called in it. */
  readonly dockerfile: string
  /** Folders of named contexts in it, for the engine's extension of POST /build. */
  readonly contexts: Readonly<Record<string, { readonly folder: string } | { readonly image: string }>>
}

/** The files of a build, as one tar. Throws NOT_FOUND that names what is missing. */
export async function packContext(input: BuildInput): Promise<PackedContext> {
  const { context } = input
  await requireFolder(context, 'the build context')
  const { packTar } = await import('modern-tar/fs')
  const dockerfile = await locateDockerfile(input)
  const ignore = await readIgnore(context, dockerfile.path)
  const always = new Set([dockerfile.name, '.dockerignore'])
  const named = Object.entries(input.contexts)
  const folders = named.flatMap(([name, source]) => ('folder' in source ? [{ name, folder: source.folder }] : []))
  for (const { name, folder } of folders) await requireFolder(folder, `the additional context ${name}`)
  const sources: TarSource[] = [
    { type: 'directory', source: context, target: '.' },
    ...folders.map(
      ({ name, folder }): TarSource => ({ type: 'directory', source: folder, target: `.berth-contexts/${name}` }),
    ),
    ...(dockerfile.content === undefined
      ? []
      : [{ type: 'content', content: dockerfile.content, target: dockerfile.name } satisfies TarSource]),
  ]
  const keepsSomething = (folder: string): boolean =>
    readdirSync(join(context, folder), { withFileTypes: true }).some(entry => {
      const path = join(folder, entry.name)
      return !ignore.ignores(path) || (entry.isDirectory() && keepsSomething(path))
    })
  const filter = (path: string, status: Stats): boolean => {
    // Content that is no file has no status.
    if (typeof status.isSocket !== 'function') return true
    const absolute = isAbsolute(path) ? path : resolve(context, path)
    if (status.isSocket() || folders.some(({ folder }) => absolute === folder || absolute.startsWith(folder + sep)))
      return !status.isSocket()
    const inside = relative(context, absolute)
    if (inside === '' || inside.startsWith('..') || always.has(inside)) return true
    // An ignored folder comes along only for what an exception brings back in it.
    return !ignore.ignores(inside) || (status.isDirectory() && ignore.hasExceptions && keepsSomething(inside))
  }
  const tar = packTar(sources, { filter, map: header => ({ ...header, uid: 0, gid: 0, uname: '', gname: '' }) })
  return {
    tar,
    dockerfile: dockerfile.name,
    contexts: Object.fromEntries(
      named.map(([name, source]) => [name, 'image' in source ? source : { folder: `contexts/${name}` }]),
    ),
  }
}

async function requireFolder(path: string, what: string): Promise<void> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isDirectory() !== true) throw new BerthError('NOT_FOUND', `${what} ${path} is no folder of this machine`)
}

interface LocatedDockerfile {
  readonly name: string
  /** Where it lies, for its own ignore file. */
  readonly path: string | undefined
  /** Set when it does not lie in the context. */
  readonly content: Buffer | undefined
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
async function readIgnore(
  context: string,
  dockerfile: string | undefined,
): Promise<{ readonly ignores: Ignore; readonly hasExceptions: boolean }> {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    join(context, '.dockerignore'),
  ]
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return { ignores: parseIgnore(text), hasExceptions: /^\s*!/m.test(text) }
  }
  return { ignores: () => false, hasExceptions: false }
}
