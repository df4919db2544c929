import { removeContainer } from '../../client/containers.ts'
import { isNotFound } from '../../client/engine-error.ts'
import { connect } from '../../session/connect.ts'
import { forEachName } from '../../session/for-each.ts'
import { defineCommand } from '../definition.ts'

interface RmFlags {
  readonly force?: true
  readonly volumes?: true
}

export const containerRm = defineCommand<RmFlags>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('-f, --force', 'kill it first if it runs; one that is not there is no error')
      .option('-v, --volumes', 'remove its anonymous volumes too'),
  examples: [{ line: 'berth container rm -f -v old', means: 'away with it, and its anonymous data' }],
  async run(context, names, { force = false, volumes = false }) {
    const client = await connect(context)
    return forEachName(context, names, name =>
      removeContainer(client, name, { force, volumes }).catch(error => {
        if (!force || !isNotFound(error)) throw error
      }),
    )
  },
})
