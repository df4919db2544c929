import { removeImage } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { reportError } from '../../session/report-error.ts'
import { defineCommand } from '../definition.ts'

interface RmFlags {
  readonly force?: true
  readonly prune: boolean
}

export const rm = defineCommand<RmFlags>({
  configure: command =>
    command
      .argument('<IMAGE...>', 'names or ids')
      .option('-f, --force', 'also if several names or a stopped container have it')
      .option('--no-prune', 'keep parents without a name'),
  details: 'A name goes first; the image goes with its last name. What a running container uses is never removed.',
  examples: [{ line: 'berth image rm app:1 app:2', means: 'remove two names' }],
  async run(context, names, { force, prune }) {
    const client = await connect(context)
    let code = 0
    for (const name of names) {
      try {
        const items = await removeImage(client, name, {
          ...(force ? { force } : {}),
          ...(prune ? {} : { noprune: true }),
        })
        for (const { Untagged, Deleted } of items)
          print(context, Untagged === undefined ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged}\n`)
      } catch (error) {
        // The others are removed all the same, as docker does it.
        code = await reportError(context, error, {})
      }
    }
    return code
  },
})
