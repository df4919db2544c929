import { waitContainer } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { forEachName } from '../../session/for-each.ts'
import { defineCommand } from '../definition.ts'

export const containerWait = defineCommand({
  configure: command => command.argument('<CONTAINER...>', 'names or ids'),
  details: 'Prints the exit code of each container when all have ended.',
  examples: [{ line: 'test "$(berth container wait job)" = 0', means: 'go on if a job went well' }],
  async run(context, names) {
    const client = await connect(context)
    return forEachName(context, names, async name => {
      const { exit } = await waitContainer(client, name, 'not-running', { signal: context.signal })
      return String((await exit).StatusCode)
    })
  },
})
