import { BerthError } from '../../schemas/errors.ts'

export interface CopySource {
  /** As it was written: a trailing `/.` asks for what is in the folder. */
  readonly path: string
  readonly isFolder: boolean
}

/** What is at the destination; undefined = nothing. */
export interface CopyDestination {
  readonly path: string
  readonly found: { readonly isFolder: boolean } | undefined
}

export interface Landing {
  /** Folder that is there and that the archive is unpacked in. */
  readonly folder: string
  /** What the copied thing is called there; undefined = only what is in the source folder comes, under its own names. */
  readonly name: string | undefined
}

/** Where a copy lands (docs.docker.com/reference/cli/docker/container/cp): into a folder that is there, else under the name that was given. */
export function landing(source: CopySource, { path, found }: CopyDestination): Landing {
  const wantsContents = source.isFolder && /(^|\/)\.$/.test(source.path)
  const trimmed = path.replace(/\/+$/, '') || '/'
  if (found?.isFolder) return { folder: trimmed, name: wantsContents ? undefined : baseName(source.path) }
  if (found && source.isFolder)
    throw new BerthError('INVALID_ARGUMENT', `cannot copy a folder onto the file ${path}`, {
      hint: 'name a folder, or something that is not there yet',
    })
  if (!found && path.endsWith('/') && !source.isFolder)
    throw new BerthError('NOT_FOUND', `the folder ${path} does not exist`, {
      hint: 'make it first, or leave the "/" at the end out to copy to a file of that name',
    })
  return { folder: folderOf(trimmed), name: baseName(trimmed) }
}

function folderOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at < 0 ? '.' : at === 0 ? '/' : path.slice(0, at)
}

/** The last name of a path; that of `/` is `/`. */
export function baseName(path: string): string {
  const trimmed = path.replace(/(\/+\.?)+$/, '')
  return trimmed.slice(trimmed.lastIndexOf('/') + 1) || '/'
}
