import { tagImage } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { splitImageName } from '../../session/image-name.ts'
import { defineCommand } from '../definition.ts'

export const tag = defineCommand<object>({
  configure: command =>
    command.argument('<IMAGE>', 'name or id of an image that is there').argument('<NAME[:TAG]>', 'its new name'),
  examples: [{ line: 'berth image tag app:2 registry.example:5000/team/app:2', means: 'ready to be pushed' }],
  async run(context, [source = '', target = '']) {
    const { name, tag: version = 'latest' } = splitImageName(target)
    await tagImage(await connect(context), source, name, version)
    return 0
  },
})
