import { posix } from 'node:path'
import { BerthError } from '../../../schemas/errors.ts'
import { globToRegExp } from '../../../schemas/glob.ts'
import { wholeTar } from '../../containers/whole-tar.ts'
import { NativeError } from '../../runtime/connection.ts'
import { type EntryWithContent, fromBytes } from '../tar/entry.ts'
import { readEntries } from '../tar/read-entries.ts'
import type { Tree, Workspace } from '../workspace.ts'

/** One file or folder that is copied. */
export interface Found {
  /** In its tree, with a slash in front. */
  readonly path: string
  /** Fetched, and so not unpacked unless that is asked for. */
  readonly isRemote?: boolean
  /** Its tar, the first entry called `_`; what is in it `_/…`. */
  open(): AsyncIterable<EntryWithContent>
}

const fileTypeMask = 0o170000
const folderType = 0o040000
const globCharacters = /[*?[]/

/**
 * What a source of COPY or ADD names in a tree, wildcards filled in. Throws NOT_FOUND, also when it is opened: one worker looks at it and reads it.
 * A link that is named itself means what it leads to.
 */
export async function findSources(
  workspace: Workspace,
  tree: Tree,
  source: string,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  if (tree.listed !== undefined) return tree.listed.find(source)
  const path = posix.resolve('/', source)
  const paths = globCharacters.test(path) ? await matching(workspace, tree, path, signal) : [path]
  if (paths.length === 0) throw notFound(source)
  return paths.map(found => ({ path: found, open: () => packed(workspace, tree, found, source, signal) }))
}

/** Whether a source is a folder, or a link to one. Throws NOT_FOUND. */
export async function isFolderAt(
  workspace: Workspace,
  tree: Tree,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { view } = await workspace.view(tree)
  const { mode } = await workspace.workers.stat(view, path, true, signal).catch(explained(path))
  return (mode & fileTypeMask) === folderType
}

const explained =
  (source: string) =>
  (error: unknown): never => {
    throw isMissing(error) ? notFound(source) : error
  }

const notFound = (source: string): BerthError =>
  new BerthError('NOT_FOUND', `${JSON.stringify(source)}: not found in what it is copied from`, {
    hint: 'paths are relative to the build context; .dockerignore may leave it out',
  })

export const isMissing = (error: unknown): boolean =>
  error instanceof NativeError && (error.failure.errno === 2 || error.failure.errno === 20)

async function* packed(
  workspace: Workspace,
  tree: Tree,
  path: string,
  source: string,
  signal: AbortSignal,
): AsyncGenerator<EntryWithContent, void, undefined> {
  const { view } = await workspace.view(tree)
  const request = { view, path, follows: true, name: '_' }
  const { tar } = await workspace.workers.packPath(request, signal).catch(explained(source))
  try {
    yield* readEntries(wholeTar(tar))
  } finally {
    tar.destroy()
  }
}

/** Walks from the last folder in front of the first wildcard. */
async function matching(workspace: Workspace, tree: Tree, pattern: string, signal: AbortSignal): Promise<string[]> {
  const parts = pattern.split('/')
  const plain = parts.slice(
    0,
    parts.findIndex(part => globCharacters.test(part)),
  )
  const folder = plain.join('/') || '/'
  const fits = globToRegExp(pattern)
  const found: string[] = []
  try {
    for await (const { entry } of packed(workspace, tree, folder, pattern, signal)) {
      const path = posix.join(folder, fromBytes(entry.name).replace(/^_\/?/, '')).replace(/(?<=.)\/$/, '')
      if (fits.test(path)) found.push(path)
    }
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'NOT_FOUND') throw error
  }
  // A folder that fits is copied with everything in it; what fits inside it as well is not copied twice.
  return found.filter(path => !found.some(other => path.startsWith(`${other}/`)))
}
