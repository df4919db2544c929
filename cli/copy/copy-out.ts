import { lchown, mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BerthError } from '../../schemas/errors.ts'
import { getArchive, statPath } from '../client/containers.ts'
import type { CallOptions, EngineClient } from '../client/engine-client.ts'
import { isFolderMode } from './copy-in.ts'
import { baseName, landing } from './target-path.ts'

export interface CopyOutOptions extends CallOptions {
  /** Keep owners as they are in the container (`-a`); else everything belongs to the caller. */
  readonly keepsOwner: boolean
  /** Copy what a link points to. */
  readonly followsLink: boolean
  readonly cwd: string
}

/** Copies a file or folder of a container to this machine. */
export async function copyOut(
  client: EngineClient,
  containerId: string,
  from: string,
  to: string,
  { keepsOwner, followsLink, cwd, ...call }: CopyOutOptions,
): Promise<void> {
  const path = followsLink ? await followed(client, containerId, from, call) : from
  const { archive, stat: about } = await getArchive(client, containerId, path, call)
  const destination = resolve(cwd, to)
  const found = await stat(destination).then(
    stats => ({ isFolder: stats.isDirectory() }),
    () => undefined,
  )
  const isFolder = isFolderMode(about.mode)
  const asked = { path: path === from ? from : join('/', about.name), isFolder }
  const { folder, name } = landing(asked, { path: to.endsWith('/') ? `${destination}/` : destination, found })
  await requireFolder(folder)
  if (name === undefined || isFolder) await mkdir(join(folder, name ?? '.'), { recursive: true })
  await unpack(archive, folder, { from: baseName(about.name), to: name, keepsOwner })
}

/** The archive as it comes, for `berth cp web:/path -`. */
export async function copyOutStream(
  client: EngineClient,
  containerId: string,
  from: string,
  call: CallOptions,
): Promise<Readable> {
  return (await getArchive(client, containerId, from, call)).archive
}

async function followed(client: EngineClient, id: string, path: string, call: CallOptions): Promise<string> {
  const { linkTarget } = await statPath(client, id, path, call)
  return linkTarget === '' ? path : linkTarget
}

async function requireFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch(() => undefined)
  if (stats?.isDirectory()) return
  throw new BerthError('NOT_FOUND', `the folder ${folder} does not exist`, { hint: 'make it first, or copy elsewhere' })
}

interface Naming {
  /** First name of every entry of the archive, and what it becomes; undefined = left out. */
  readonly from: string
  readonly to: string | undefined
  readonly keepsOwner: boolean
}

/** modern-tar keeps entries and links inside `folder`. */
async function unpack(archive: Readable, folder: string, { from, to, keepsOwner }: Naming): Promise<void> {
  const { unpackTar } = await import('modern-tar/fs')
  const owners = new Map<string, readonly [number, number]>()
  const rename = (name: string): string => {
    const [first = '', ...rest] = name.split('/')
    if (first !== from && from !== '/') return name
    return [...(to === undefined ? [] : [to]), ...rest].join('/') || '.'
  }
  const writer = unpackTar(folder, {
    map: header => {
      const name = rename(header.name)
      if (keepsOwner) owners.set(join(folder, name), [header.uid ?? 0, header.gid ?? 0])
      const isHardLink = header.type === 'link' && header.linkname !== undefined
      return { ...header, name, ...(isHardLink ? { linkname: rename(header.linkname ?? '') } : {}) }
    },
  })
  await pipeline(archive, writer)
  for (const [path, [uid, gid]] of owners) await lchown(path, uid, gid)
}
