import type { Stats } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { Readable } from 'node:stream'
import type { TarSource } from 'modern-tar/fs'
import type { BuildInput } from '../plan/builds.ts'
import { type ContextFiles, requireFolder } from './context-files.ts'

export interface PackedContext {
  readonly tar: Readable
  /** What the Dockerfile is called in it. */
  readonly dockerfile: string
  /** Folders of named contexts in it, for the engine's extension of POST /build. */
  readonly contexts: Readonly<Record<string, { readonly folder: string } | { readonly image: string }>>
}

/** The files of a build, as one tar. Throws NOT_FOUND that names what is missing. */
export async function packContext(input: BuildInput, files: ContextFiles): Promise<PackedContext> {
  const { context } = input
  const { packTar } = await import('modern-tar/fs')
  const { dockerfile } = files
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
  const filter = (path: string, status: Stats): boolean => {
    // Content that is no file has no status.
    if (typeof status.isSocket !== 'function') return true
    if (status.isSocket()) return false
    const absolute = isAbsolute(path) ? path : resolve(context, path)
    if (folders.some(({ folder }) => absolute === folder || absolute.startsWith(folder + sep))) return true
    const inside = relative(context, absolute)
    return inside.startsWith('..') || files.includes(inside, status.isDirectory())
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
