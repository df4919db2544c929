import { Option } from 'commander'
import { attachToContainer } from '../../session/attach-container.ts'
import { connect } from '../../session/connect.ts'
import { defineCommand } from '../definition.ts'

interface AttachFlags {
  readonly detachKeys?: string
  readonly stdin: boolean
  readonly sigProxy: boolean
}

export const containerAttach = defineCommand<AttachFlags>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .option('--detach-keys <keys>', 'keys that leave it running (default: ctrl-p,ctrl-q; in a terminal only)')
      .option('--no-stdin', 'only look: standard input is not passed on')
      .addOption(new Option('--sig-proxy', 'pass them on (the default)').default(true).hideHelp())
      .option('--no-sig-proxy', 'do not pass Ctrl-C and SIGTERM on to the program (also --sig-proxy=false)'),
  examples: [{ line: 'berth container attach shop-console-1', means: 'join its main process' }],
  handlesInterrupt: true,
  async run(context, [name = ''], { detachKeys, stdin, sigProxy }) {
    return attachToContainer(context, await connect(context), name, { stdin, sigProxy, detachKeys })
  },
})
