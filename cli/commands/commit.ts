import { Option } from 'commander'
import { commitContainer } from '../client/snapshots.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { choice, collect, integer } from '../session/globals.ts'
import { repositoryOf } from '../session/image-name.ts'
import { stackContainer } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { defineCommand } from './definition.ts'

export interface CommitFlags {
  readonly author?: string
  readonly change: readonly string[]
  readonly index?: number
  readonly message?: string
  readonly pause: boolean
  readonly format: 'text' | 'json'
}

export const commit = defineCommand<CommitFlags>({
  configure: command =>
    command
      .argument('<SERVICE>', 'service whose container is taken')
      .argument('[REPOSITORY[:TAG]]', 'name of the new image')
      .option('-a, --author <name>', 'who made it')
      .option('-c, --change <instruction>', 'a Dockerfile instruction for the image; may be repeated', collect, [])
      .option('--index <number>', 'which container, if the service has several', integer(1))
      .option('-m, --message <text>', 'a comment')
      .addOption(new Option('-p, --pause', 'hold the container still meanwhile (the default)').default(true).hideHelp())
      .option('--no-pause', 'do not hold the container still meanwhile (also --pause=false)')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details: 'Makes an image of what a container has changed, on top of its own image. Volumes are not part of it.',
  examples: [{ line: 'berth commit -m "before the repair" db db-copy:1', means: 'keep the state of a container' }],
  async run(context, [service = '', reference], flags) {
    const stack = await findStack(context, [service])
    const client = await connect(context)
    const { Id: container } = await stackContainer(client, stack, service, flags.index)
    const { Id: id } = await commitContainer(client, {
      container,
      ...repositoryOf(reference),
      comment: flags.message,
      author: flags.author,
      pause: flags.pause,
      changes: flags.change,
    })
    if (flags.format === 'json') printJson(context, { id })
    else print(context, `${id}\n`)
    return 0
  },
})
