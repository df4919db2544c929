import { createVolume } from '../../client/volumes.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { collect } from '../../session/globals.ts'
import { readPairs } from '../../session/pairs.ts'
import { defineCommand } from '../definition.ts'

interface CreateFlags {
  readonly driver: string
  readonly label: readonly string[]
  readonly opt: readonly string[]
}

export const volumeCreate = defineCommand<CreateFlags>({
  configure: command =>
    command
      .argument('[VOLUME]', 'name of the new volume (default: a random one)')
      .option('-d, --driver <name>', 'driver of the volume', 'local')
      .option('--label <name=value>', 'a label; may be repeated', collect, [])
      .option('-o, --opt <name=value>', 'an option of the driver; may be repeated', collect, []),
  examples: [
    { line: 'berth volume create shared', means: 'a volume that stacks can use as external' },
    { line: 'berth volume create -o type=tmpfs -o device=tmpfs -o o=size=64m scratch', means: 'one in memory' },
  ],
  async run(context, [name = ''], { driver, label, opt }) {
    const request = { Name: name, Driver: driver, DriverOpts: readPairs(opt), Labels: readPairs(label) }
    const { Name } = await createVolume(await connect(context), request)
    print(context, `${Name}\n`)
    return 0
  },
})
