import { lstat, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import { putArchive, statPath } from '../client/containers.ts'
import type { CallOptions, EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { landing } from './target-path.ts'

export interface CopyInOptions extends CallOptions {
  /** Keep owners as they are here (`-a`); else everything belongs to root in the container. */
  readonly keepsOwner: boolean
  /** Copy what a link points to. */
  readonly followsLink: boolean
  readonly cwd: string
}

/** Copies a file or folder of this machine into a container. */
export async function copyIn(
  client: EngineClient,
  from: string,
  containerId: string,
  to: string,
  { keepsOwner, followsLink, cwd, ...call }: CopyInOptions,
): Promise<void> {
  const local = resolve(cwd, from)
  const source = followsLink || /\/\.?$/.test(from) ? await realpath(local).catch(() => local) : local
  const stats = await lstat(source).catch(cause => {
    throw new BerthError('NOT_FOUND', `there is no ${local} here to copy`, { cause })
  })
  const isFolder = stats.isDirectory()
  const found = await folderThere(client, containerId, to, call)
  const { folder, name } = landing({ path: from === '.' ? './.' : from, isFolder }, { path: to, found })
  const archive = await packLocal(source, name ?? '.', { isFolder, keepsOwner })
  await putArchive(
    client,
    containerId,
    { path: folder, noOverwriteDirNonDir: true, ...owner(keepsOwner) },
    archive,
    call,
  )
}

/** Unpacks an archive that comes as a stream in a folder of a container. */
export async function copyStreamIn(
  client: EngineClient,
  archive: Readable,
  containerId: string,
  to: string,
  { keepsOwner, ...call }: CallOptions & { readonly keepsOwner: boolean },
): Promise<void> {
  await putArchive(client, containerId, { path: to, noOverwriteDirNonDir: true, ...owner(keepsOwner) }, archive, call)
}

function owner(keepsOwner: boolean): { readonly copyUIDGID?: true } {
  return keepsOwner ? { copyUIDGID: true } : {}
}

/** What is at a path of the container, links followed. */
async function folderThere(
  client: EngineClient,
  id: string,
  path: string,
  call: CallOptions,
): Promise<{ readonly isFolder: boolean } | undefined> {
  try {
    const stat = await statPath(client, id, path, call)
    if (stat.linkTarget !== '' && !isFolderMode(stat.mode)) {
      const target = await statPath(client, id, stat.linkTarget, call).catch(ignoreMissing)
      if (target) return { isFolder: isFolderMode(target.mode) }
    }
    return { isFolder: isFolderMode(stat.mode) }
  } catch (error) {
    return ignoreMissing(error)
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

/** `mode` is Go's os.FileMode: the highest of 32 bits says folder. */
export function isFolderMode(mode: number): boolean {
  return Math.floor(mode / 2 ** 31) % 2 === 1
}

interface PackOptions {
  readonly isFolder: boolean
  readonly keepsOwner: boolean
}

async function packLocal(source: string, target: string, { isFolder, keepsOwner }: PackOptions): Promise<Readable> {
  const { packTar } = await import('modern-tar/fs')
  // Without -a docker gives everything to root.
  const owned = keepsOwner
    ? {}
    : { map: <Header>(header: Header) => ({ ...header, uid: 0, gid: 0, uname: '', gname: '' }) }
  return packTar([{ type: isFolder ? 'directory' : 'file', source, target }], owned)
}
