import { Option } from 'commander'
import { attachToContainer } from '../session/attach-container.ts'
import { connect } from '../session/connect.ts'
import { integer } from '../session/globals.ts'
import { serviceContainer } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { defineCommand } from './definition.ts'

export interface AttachFlags {
  readonly detachKeys?: string
  readonly index?: number
  readonly stdin: boolean
  readonly sigProxy: boolean
}

export const attach = defineCommand<AttachFlags>({
  configure: command =>
    command
      .argument('<SERVICE>', 'service whose container is joined')
      .option('--detach-keys <keys>', 'keys that leave it running (default: ctrl-p,ctrl-q; in a terminal only)')
      .option('--index <number>', 'which container, if the service has several', integer(1))
      .option('--no-stdin', 'only look: standard input is not passed on')
      .addOption(new Option('--sig-proxy', 'pass them on (the default)').default(true).hideHelp())
      .option('--no-sig-proxy', 'do not pass Ctrl-C and SIGTERM on to the program (also --sig-proxy=false)'),
  details:
    'Joins the main process of a container: what it prints, and what it reads if the service has stdin_open. ' +
    'The exit code is that of the container; 0 after the detach keys.',
  examples: [
    { line: 'berth attach --no-stdin web', means: 'see what it prints from now on' },
    { line: 'berth attach console', means: 'type into a service with tty and stdin_open' },
  ],
  handlesInterrupt: true,
  async run(context, [service = ''], flags) {
    const stack = await findStack(context, [service])
    const client = await connect(context)
    const { Id } = await serviceContainer(client, stack, service, flags.index)
    return attachToContainer(context, client, Id, { ...flags, detachKeys: flags.detachKeys })
  },
})
