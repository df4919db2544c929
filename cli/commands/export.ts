import { exportContainer } from '../client/snapshots.ts'
import { connect } from '../session/connect.ts'
import { integer } from '../session/globals.ts'
import { stackContainer } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { writeArchive } from '../session/write-archive.ts'
import { defineCommand } from './definition.ts'

interface ExportFlags {
  readonly index?: number
  readonly output?: string
}

export const exportCommand = defineCommand<ExportFlags>({
  configure: command =>
    command
      .argument('<SERVICE>', 'service whose container is exported')
      .option('--index <number>', 'which container, if the service has several', integer(1))
      .option('-o, --output <file>', 'write to a file (default: standard output)'),
  details: 'The file system of the container as a tar archive, without its volumes.',
  examples: [{ line: 'berth export -o web.tar web', means: 'keep the files of a container' }],
  async run(context, [service = ''], { index, output }) {
    const stack = await findStack(context, [service])
    const client = await connect(context)
    const { Id } = await stackContainer(client, stack, service, index)
    await writeArchive(context, output, () => exportContainer(client, Id, { signal: context.signal }))
    return 0
  },
})
