import { renameContainer } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { defineCommand } from '../definition.ts'

export const containerRename = defineCommand({
  configure: command => command.argument('<CONTAINER>', 'name or id').argument('<NEW_NAME>', 'name that it gets'),
  examples: [{ line: 'berth container rename web web-old', means: 'make room for another' }],
  async run(context, [name = '', newName = '']) {
    await renameContainer(await connect(context), name, newName)
    return 0
  },
})
