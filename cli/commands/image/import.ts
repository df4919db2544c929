import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { BerthError } from '../../../schemas/errors.ts'
import { importImage } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { collect } from '../../session/globals.ts'
import { splitImageName } from '../../session/image-name.ts'
import { defineCommand } from '../definition.ts'

interface ImportFlags {
  readonly change: readonly string[]
  readonly message?: string
}

export const importRootfs = defineCommand<ImportFlags>({
  configure: command =>
    command
      .argument('<FILE|->', 'archive of a root file system, plain or compressed')
      .argument('[NAME[:TAG]]', 'name of the image')
      .option(
        '-c, --change <instruction>',
        'Dockerfile instruction, e.g. "CMD [\\"sh\\"]"; may be repeated',
        collect,
        [],
      )
      .option('-m, --message <text>', 'comment of the image'),
  examples: [{ line: 'berth image import rootfs.tar base:1', means: 'one layer with these files' }],
  handlesInterrupt: true,
  async run(context, [file = '-', reference], { change, message }) {
    const { stdin, cwd, signal } = context
    if (file === '-' && stdin().isTTY)
      throw new BerthError('USAGE', 'expected an archive on standard input, found a terminal')
    const tar = file === '-' ? stdin() : createReadStream(resolve(cwd, file))
    const { name, tag = 'latest' } = splitImageName(reference ?? '')
    const query = {
      ...(reference === undefined ? {} : { repo: name, tag }),
      ...(message === undefined ? {} : { message }),
      ...(change.length === 0 ? {} : { changes: change.join('\n') }),
    }
    const client = await connect(context)
    for await (const { status } of importImage(client, tar, query, { signal })) print(context, `${status}\n`)
    return 0
  },
})
