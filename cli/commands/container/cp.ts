import { parsePlace } from '../../copy/place.ts'
import { connect } from '../../session/connect.ts'
import { copy, neitherIsContainer } from '../../session/copy.ts'
import { defineCommand } from '../definition.ts'

interface CpFlags {
  readonly archive?: true
  readonly followLink?: true
}

export const containerCp = defineCommand<CpFlags>({
  configure: command =>
    command
      .argument('<SOURCE>', 'CONTAINER:path, a path here, or - for an archive on standard input')
      .argument('<DESTINATION>', 'a path here, CONTAINER:path, or - for an archive on standard output')
      .option('-a, --archive', 'keep owners as they are')
      .option('-L, --follow-link', 'copy what a link in SOURCE points to')
      .option('-q, --quiet', 'no effect: nothing is printed'),
  details: 'A destination that is a folder gets the copy inside it; SOURCE/. stands for what is in a folder.',
  examples: [{ line: 'berth container cp shop-db-1:/var/log ./log', means: 'a folder out of a container' }],
  async run(context, [source = '', destination = ''], { archive = false, followLink = false }) {
    const [from, to] = [parsePlace(source), parsePlace(destination)]
    const name = from.kind === 'container' ? from.name : to.kind === 'container' ? to.name : undefined
    if (name === undefined) throw neitherIsContainer('CONTAINER:path')
    await copy(context, await connect(context), [name], from, to, { archive, followLink })
    return 0
  },
})
