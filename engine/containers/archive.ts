import type { Readable } from 'node:stream'
import type { PathStat } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import { NativeError } from '../runtime/connection.ts'
import { publish } from './announce.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { parseArchivePath, toPathStat } from './path-stat.ts'
import { resolveUser } from './user.ts'
import { withView } from './view.ts'
import { wholeTar } from './whole-tar.ts'

const errnos = { notFound: 2, notDirectory: 20, readOnly: 30, tooManyLinks: 40 }
/** Of one `docker cp` into a container. */
const limits = { maxBytes: 128 * 1024 ** 3, maxEntries: 4_000_000 }

/** HEAD /containers/{id}/archive: what is at a path. Throws NOT_FOUND with dockerd's text, which names the container as the client did. */
export async function statPath(context: ContainerContext, reference: string, text: string): Promise<PathStat> {
  const container = context.registry.get(reference)
  const { path, follows, name } = parseArchivePath(text)
  const status = await withView(context, container, true, view => context.workers.stat(view, path, follows)).catch(
    error => refuse(error, reference, container, text),
  )
  return toPathStat(name, status)
}

/**
 * GET: what is at a path, as a tar. `send` is given both once reading has begun and resolves when the tar was taken; only then may a container that does
 * not run start again.
 */
export async function getArchive(
  context: ContainerContext,
  reference: string,
  text: string,
  send: (stat: PathStat, tar: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const container = context.registry.get(reference)
  const { path, follows, name } = parseArchivePath(text)
  await withView(context, container, true, async view => {
    const { status, tar } = await context.workers
      .packPath({ view, path, follows, name })
      .catch(error => refuse(error, reference, container, text))
    publish(context, container, 'archive-path')
    await send(toPathStat(name, status), wholeTar(tar))
  })
}

export interface PutOptions {
  readonly path: string
  /** Folders and other things do not replace each other. */
  readonly keepsKinds: boolean
  /** Everything gets the container's user as its owner. */
  readonly isOwnedByUser: boolean
  readonly signal: AbortSignal
}

/** PUT: unpacks a tar (plain, gzip or zstd) into a folder of the container. */
export async function putArchive(
  context: ContainerContext,
  reference: string,
  archive: Readable,
  options: PutOptions,
): Promise<void> {
  const container = context.registry.get(reference)
  const { path } = parseArchivePath(options.path)
  const { keepsKinds, signal } = options
  const owner = options.isOwnedByUser ? await userOf(context, container) : undefined
  await withView(context, container, true, view =>
    context.workers.unpackPath(
      { view, path, keepsKinds, ...limits, ...(owner === undefined ? {} : { owner }) },
      archive,
      signal,
    ),
  ).catch(error => refuse(error, reference, container, options.path, path))
  publish(context, container, 'extract-to-dir')
}

/** GET /containers/{id}/export: the root file system as a tar, without what is mounted in it. */
export async function exportContainer(
  context: ContainerContext,
  container: Container,
  send: (tar: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  await withView(context, container, false, async view => {
    const { tar } = await context.workers.packPath({ view, path: '/', follows: true, name: '' })
    publish(context, container, 'export')
    await send(wholeTar(tar))
  })
}

async function userOf(
  context: ContainerContext,
  { record }: Container,
): Promise<{ readonly uid: number; readonly gid: number }> {
  const paths = pathsOf(context, record.id)
  const image = await context.images.reopen(record.image)
  const accounts = await context.accounts.read(image, [`${paths.data}/upper`, `${paths.memory}/upper`])
  const { uid, gid } = resolveUser(record.config.User ?? '', [], accounts)
  return { uid, gid }
}

/** dockerd's words for what a path can be. `target`: where something was to be written. */
function refuse(error: unknown, reference: string, { record }: Container, text: string, target?: string): never {
  if (!(error instanceof NativeError)) throw error
  switch (error.failure.errno) {
    case errnos.notFound:
      throw new BerthError('NOT_FOUND', `Could not find the file ${text} in container ${reference}`)
    case errnos.notDirectory:
      throw new BerthError(
        'INVALID_ARGUMENT',
        target === undefined ? `${text}: not a directory` : 'extraction point is not a directory',
      )
    case errnos.tooManyLinks:
      throw new BerthError('INVALID_ARGUMENT', `${text}: too many symbolic links`)
    case errnos.readOnly: {
      const isMount = record.mounts.some(mount => target === mount.target || target?.startsWith(`${mount.target}/`))
      throw new BerthError(
        'INVALID_ARGUMENT',
        isMount ? 'mounted volume is marked read-only' : 'container rootfs is marked read-only',
      )
    }
    default:
      throw error
  }
}
