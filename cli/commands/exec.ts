import { Option } from 'commander'
import { connect } from '../session/connect.ts'
import { runExec } from '../session/exec.ts'
import { collect, integer } from '../session/globals.ts'
import { serviceContainer } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { isInteractiveTerminal } from '../session/terminal.ts'
import { defineCommand } from './definition.ts'

interface ExecFlags {
  readonly detach?: true
  readonly env: readonly string[]
  readonly index?: number
  readonly interactive: boolean
  /** commander's name for `-T, --no-tty`: true unless it was given. */
  readonly tty: boolean
  readonly privileged?: true
  readonly user?: string
  readonly workdir?: string
}

export const exec = defineCommand<ExecFlags>({
  configure: command =>
    command
      .argument('<SERVICE>', 'service whose container is used')
      .argument('<COMMAND>', 'program to run')
      .argument('[ARGS...]', 'its arguments')
      .passThroughOptions()
      .option('-d, --detach', 'do not wait for it')
      .option('-e, --env <NAME=value>', 'set a variable; may be repeated', collect, [])
      .option('--index <number>', 'which container, if the service has several', integer(1))
      .option('-i, --interactive', 'pass standard input on (the default)', true)
      .option('-T, --no-tty', 'no terminal (default: one if both ends of berth are a terminal)')
      .addOption(new Option('-t, --tty', 'a terminal (the default on one)').hideHelp())
      .option('--privileged', 'with all capabilities')
      .option('-u, --user <user>', 'run as this user')
      .option('-w, --workdir <path>', 'in this folder of the container'),
  details: 'The exit code is that of the program.',
  examples: [
    { line: 'berth exec web sh', means: 'a shell in the container' },
    { line: 'berth exec -T db pg_dump shop > shop.sql', means: 'output into a file' },
    { line: 'berth exec -u postgres db psql', means: 'as another user' },
  ],
  handlesInterrupt: true,
  async run(context, [service = '', ...command], flags) {
    const stack = await findStack(context, [service])
    const client = await connect(context)
    const container = await serviceContainer(client, stack, service, flags.index)
    return runExec(context, client, container.Id, {
      command,
      environment: flags.env,
      isDetached: flags.detach ?? false,
      detachKeys: undefined,
      interactive: flags.interactive,
      tty: flags.tty && isInteractiveTerminal(context),
      privileged: flags.privileged ?? false,
      user: flags.user ?? '',
      workingDir: flags.workdir ?? '',
    })
  },
})
