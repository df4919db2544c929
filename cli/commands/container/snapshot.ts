import { Option } from 'commander'
import type { CommitOutput } from '../../../schemas/output/commit.ts'
import { commitContainer, exportContainer } from '../../client/snapshots.ts'
import { connect } from '../../session/connect.ts'
import { print, printJson } from '../../session/context.ts'
import { choice, collect } from '../../session/globals.ts'
import { repositoryOf } from '../../session/image-name.ts'
import { writeArchive } from '../../session/write-archive.ts'
import { defineCommand } from '../definition.ts'

interface CommitFlags {
  readonly author?: string
  readonly change: readonly string[]
  readonly message?: string
  readonly pause: boolean
  readonly format: 'text' | 'json'
}

export const containerCommit = defineCommand<CommitFlags>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .argument('[REPOSITORY[:TAG]]', 'name of the new image')
      .option('-a, --author <name>', 'who made it')
      .option('-c, --change <instruction>', 'a Dockerfile instruction for the image; may be repeated', collect, [])
      .option('-m, --message <text>', 'a comment')
      .addOption(new Option('-p, --pause', 'hold it still meanwhile (the default)').default(true).hideHelp())
      .option('--no-pause', 'do not hold it still meanwhile (also --pause=false)')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth container commit shop-db-1 db-copy:1', means: 'keep the state of a container' }],
  async run(context, [container = '', reference], { message, author, pause, change, format }) {
    const request = { container, ...repositoryOf(reference), comment: message, author, pause, changes: change }
    const { Id } = await commitContainer(await connect(context), request)
    const output: CommitOutput = { id: Id }
    if (format === 'json') printJson(context, output)
    else print(context, `${Id}\n`)
    return 0
  },
})

export const containerExport = defineCommand<{ readonly output?: string }>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .option('-o, --output <file>', 'write to a file (default: standard output)'),
  examples: [{ line: 'berth container export -o db.tar shop-db-1', means: 'its files as a tar archive' }],
  async run(context, [name = ''], { output }) {
    const client = await connect(context)
    await writeArchive(context, output, () => exportContainer(client, name, { signal: context.signal }))
    return 0
  },
})
