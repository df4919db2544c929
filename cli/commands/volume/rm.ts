import { removeVolume } from '../../client/volumes.ts'
import { connect } from '../../session/connect.ts'
import { forEachName } from '../../session/for-each.ts'
import { defineCommand } from '../definition.ts'

export const volumeRm = defineCommand<{ readonly force?: true }>({
  configure: command =>
    command.argument('<VOLUME...>', 'names').option('-f, --force', 'one that is not there is no error'),
  details: 'Their data is lost.',
  examples: [{ line: 'berth volume rm shop_data', means: 'remove a volume that no container uses' }],
  async run(context, names, { force = false }) {
    const client = await connect(context)
    return forEachName(context, names, name => removeVolume(client, name, { force }))
  },
})
