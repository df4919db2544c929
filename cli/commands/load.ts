import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { LoadOutput } from '../../schemas/output/load.ts'
import { loadImage } from '../client/images.ts'
import { connect } from '../session/connect.ts'
import { type Context, print, printJson } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { sanitize } from '../ui/sanitize.ts'
import { defineCommand } from './definition.ts'

interface LoadFlags {
  readonly input?: string
  readonly format: 'text' | 'json'
  readonly quiet?: true
}

export const load = defineCommand<LoadFlags>({
  configure: command =>
    command
      .argument('[FILE]', 'archive of "docker save", or an OCI archive (default: standard input)')
      .option('-i, --input <file>', 'the same, as "docker load" has it')
      .option('-q, --quiet', 'print nothing')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [
    { line: 'berth load busybox.tar', means: 'load the images of an archive' },
    { line: 'docker save app:1 | berth load', means: 'take an image over from Docker' },
  ],
  handlesInterrupt: true,
  async run(context, [argument], flags) {
    const file = flags.input ?? argument
    const archive = await openArchive(context, file)
    const client = await connect(context)
    const loaded: string[] = []
    for await (const { stream = '' } of loadImage(client, archive, { signal: context.signal })) {
      const name = stream.match(/^Loaded image(?: ID)?: (.+)$/m)?.[1]
      if (name !== undefined) loaded.push(name.trim())
      if (!flags.quiet && flags.format === 'text') print(context, sanitize(stream))
    }
    const output: LoadOutput = { loaded }
    if (flags.format === 'json') printJson(context, output)
    return 0
  },
})

/** Fails before anything is sent, so that a wrong path is not an error of the engine. */
async function openArchive({ stdin, cwd }: Context, file: string | undefined): Promise<Readable> {
  if (file === undefined || file === '-') {
    if (stdin().isTTY)
      throw new BerthError('USAGE', 'expected an archive on standard input, found a terminal', {
        hint: 'berth load FILE',
      })
    return stdin()
  }
  const path = resolve(cwd, file)
  try {
    const handle = await open(path)
    await handle.close()
  } catch (cause) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `cannot read the archive ${path}: ${(cause as NodeJS.ErrnoException).code}`,
      { cause },
    )
  }
  return createReadStream(path)
}
