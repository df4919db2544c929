import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { Context } from './context.ts'

/** Writes an archive to a file, or to standard output unless that is a terminal. A file that could not be finished is removed. */
export async function writeArchive(
  context: Context,
  output: string | undefined,
  open: () => Promise<Readable>,
): Promise<void> {
  if (output === undefined || output === '-') {
    if (context.stdout.isTTY)
      throw new BerthError('USAGE', 'an archive cannot be shown on a terminal', {
        hint: 'use -o FILE, or send standard output somewhere',
      })
    for await (const chunk of await open())
      if (!context.stdout.write(chunk)) await new Promise(done => context.stdout.once('drain', done))
    return
  }
  const path = resolve(context.cwd, output)
  const archive = await open()
  try {
    await pipeline(archive, createWriteStream(path), { signal: context.signal })
  } catch (cause) {
    await rm(path, { force: true })
    if (context.signal.aborted) throw context.signal.reason
    throw new BerthError('INTERNAL', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}
