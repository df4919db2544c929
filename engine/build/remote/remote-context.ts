import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { BerthError } from '../../../schemas/errors.ts'
import { detectArchive } from '../steps/archive-kind.ts'
import { fetchGit, folderOfRepository } from './fetch-git.ts'
import { parseGitUrl } from './git-url.ts'

export interface RemoteContextOptions {
  /** Folder of the build, for what is in between. */
  readonly root: string
  /** Becomes the context. */
  readonly context: string
  readonly agent: string | undefined
  readonly keepsGitDir: boolean
  readonly unpack: (archive: Readable) => Promise<unknown>
  readonly signal: AbortSignal
}

const startBytes = 64 * 1024
const maxDockerfileBytes = 16 * 1024 * 1024

/** `remote` of POST /build: a git repository, an archive, or a text that is the Dockerfile. Throws INVALID_ARGUMENT. */
export async function openRemoteContext(remote: string, options: RemoteContextOptions): Promise<void> {
  const git = parseGitUrl(remote)
  if (git !== undefined) {
    const checkout = join(options.root, 'checkout')
    await mkdir(checkout, { mode: 0o755 })
    await fetchGit(git, checkout, options)
    const folder = await folderOfRepository(checkout, git)
    await rm(options.context, { recursive: true, force: true })
    await rename(folder, options.context)
    return
  }
  if (!/^https?:\/\//.test(remote)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `the remote context ${remote} is neither a git repository nor an http(s) address`,
    )
  }
  const response = await fetch(remote, { signal: options.signal }).catch((cause: unknown) => {
    throw new BerthError('INVALID_ARGUMENT', `error downloading remote context ${remote}: ${causeOf(cause)}`, { cause })
  })
  if (!response.ok || response.body === null)
    throw new BerthError('INVALID_ARGUMENT', `error downloading remote context ${remote}: status ${response.status}`)
  const pieces = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  const iterator = pieces[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const start = await readAtLeast(iterator, startBytes)
  if (detectArchive(start)) {
    await options.unpack(Readable.from(rejoin(start, iterator)))
    return
  }
  const text = await readAtLeast(rejoin(start, iterator), maxDockerfileBytes + 1)
  if (text.length > maxDockerfileBytes || text.includes(0))
    throw new BerthError('INVALID_ARGUMENT', `the remote context ${remote} is neither an archive nor a Dockerfile`)
  await writeFile(join(options.context, 'Dockerfile'), text)
}

const causeOf = (error: unknown): string =>
  error instanceof Error ? String((error.cause as Error | undefined)?.message ?? error.message) : String(error)

async function readAtLeast(pieces: AsyncIterator<Buffer>, bytes: number): Promise<Buffer> {
  const taken: Buffer[] = []
  let length = 0
  while (length < bytes) {
    const next = await pieces.next()
    if (next.done === true) break
    taken.push(next.value)
    length += next.value.length
  }
  return Buffer.concat(taken)
}

async function* rejoin(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield start
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
