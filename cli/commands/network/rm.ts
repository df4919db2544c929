import { isNotFound } from '../../client/engine-error.ts'
import { removeNetwork } from '../../client/networks.ts'
import { connect } from '../../session/connect.ts'
import { forEachName } from '../../session/for-each.ts'
import { defineCommand } from '../definition.ts'

export const networkRm = defineCommand<{ readonly force?: true }>({
  configure: command =>
    command.argument('<NETWORK...>', 'names or ids').option('-f, --force', 'one that is not there is no error'),
  examples: [{ line: 'berth network rm shared', means: 'remove a network that nobody is on' }],
  async run(context, names, { force }) {
    const client = await connect(context)
    return forEachName(context, names, name =>
      removeNetwork(client, name).catch(error => {
        if (!force || !isNotFound(error)) throw error
      }),
    )
  },
})
