import { rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { parseIgnore } from '../../schemas/build-ignore.ts'
import { readContextFile } from './read-dockerfile.ts'

/**
 * Clients send the Dockerfile and `.dockerignore` whatever that says, because a build needs them: where it leaves them out, they are no part of the
 * context once they have been read (moby, builder/remotecontext, removeDockerfile).
 */
export async function dropIgnored(context: string, dockerfile: string): Promise<void> {
  const text =
    (await readContextFile(context, `${dockerfile}.dockerignore`)) ?? (await readContextFile(context, '.dockerignore'))
  if (text === undefined) return
  const isIgnored = parseIgnore(text)
  for (const name of [posix.resolve('/', dockerfile).slice(1), '.dockerignore'])
    if (isIgnored(name)) await rm(join(context, name), { force: true })
}
