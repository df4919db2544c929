import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

const maxDockerfileBytes = 16 * 1024 * 1024

/** The Dockerfile of a context. Throws INVALID_ARGUMENT with dockerd's text. */
export async function readDockerfile(context: string, name: string): Promise<string> {
  const text = await readContextFile(context, name)
  if (text === undefined) throw new BerthError('INVALID_ARGUMENT', `Cannot locate specified Dockerfile: ${name}`)
  if (text.trim() === '') throw new BerthError('INVALID_ARGUMENT', `the Dockerfile (${name}) cannot be empty`)
  return text
}

/** Read without following links, which may lead out of the context: a link counts as no file. */
export async function readContextFile(context: string, name: string): Promise<string | undefined> {
  const path = posix.resolve('/', name)
  let folder = context
  for (const part of path.split('/').slice(1, -1)) {
    folder = join(folder, part)
    const handle = await open(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => undefined)
    if (handle === undefined) return undefined
    await handle.close()
  }
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(join(folder, posix.basename(path)), flags).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const status = await file.stat()
    return status.isFile() && status.size <= maxDockerfileBytes ? await file.readFile('utf8') : undefined
  } finally {
    await file.close()
  }
}
