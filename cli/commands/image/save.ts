import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BerthError } from '../../../schemas/errors.ts'
import { saveImages } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { defineCommand } from '../definition.ts'

interface SaveFlags {
  readonly output?: string
}

export const save = defineCommand<SaveFlags>({
  configure: command =>
    command
      .argument('<IMAGE...>', 'names or ids')
      .option('-o, --output <file>', 'write here (default: standard output)'),
  details:
    'The archive is an OCI layout with a manifest.json beside it: "docker load", skopeo and "berth load" read it.',
  examples: [
    { line: 'berth image save -o app.tar app:1 app:2', means: 'two images that share their layers' },
    { line: 'berth image save app:1 | ssh other berth load', means: 'copy an image to another host' },
  ],
  handlesInterrupt: true,
  async run(context, names, { output }) {
    const { stdout, signal, cwd } = context
    if (output === undefined && stdout.isTTY)
      throw new BerthError('USAGE', 'refusing to write an archive to a terminal', { hint: 'use -o FILE, or a pipe' })
    const client = await connect(context)
    const archive = await saveImages(client, names, { signal })
    if (output === undefined) {
      await pipeline(archive, stdout, { end: false, signal })
      return 0
    }
    // Under its own name only when it is whole.
    const path = resolve(cwd, output)
    const temporary = `${path}.part`
    try {
      await pipeline(archive, createWriteStream(temporary), { signal })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    return 0
  },
})
