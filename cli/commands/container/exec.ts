import { BerthError } from '../../../schemas/errors.ts'
import { connect } from '../../session/connect.ts'
import { runExec } from '../../session/exec.ts'
import { collect } from '../../session/globals.ts'
import { readEnvFiles } from '../../session/read-env-files.ts'
import { defineCommand } from '../definition.ts'

interface ExecFlags {
  readonly detach?: true
  readonly detachKeys?: string
  readonly env: readonly string[]
  readonly envFile: readonly string[]
  readonly interactive?: true
  readonly privileged?: true
  readonly tty?: true
  readonly user?: string
  readonly workdir?: string
}

export const containerExec = defineCommand<ExecFlags>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .argument('<COMMAND>', 'program to run')
      .argument('[ARGS...]', 'its arguments')
      .passThroughOptions()
      .option('-d, --detach', 'do not wait for it')
      .option('--detach-keys <keys>', 'keys that leave it running (default: ctrl-p,ctrl-q)')
      .option('-e, --env <NAME=value>', 'set a variable; may be repeated', collect, [])
      .option('--env-file <path>', 'set the variables of a file; may be repeated', collect, [])
      .option('-i, --interactive', 'pass standard input on')
      .option('--privileged', 'with all capabilities')
      .option('-t, --tty', 'give it a terminal')
      .option('-u, --user <user>', 'run as this user')
      .option('-w, --workdir <path>', 'in this folder of the container'),
  details: 'The exit code is that of the program. A shell to type in needs -it, as with docker.',
  examples: [{ line: 'berth container exec -it shop-db-1 sh', means: 'a shell in the container' }],
  handlesInterrupt: true,
  async run(context, [name = '', ...command], flags) {
    if (flags.tty && flags.interactive && !context.stdin().isTTY)
      throw new BerthError('USAGE', 'the input device is not a TTY', { hint: 'leave -t out when input is no terminal' })
    const fromFiles = Object.entries(await readEnvFiles(context, flags.envFile)).map(
      ([key, value]) => `${key}=${value}`,
    )
    const client = await connect(context)
    return runExec(context, client, name, {
      command,
      environment: [...fromFiles, ...flags.env],
      isDetached: flags.detach ?? false,
      detachKeys: flags.detachKeys,
      interactive: flags.interactive ?? false,
      tty: flags.tty ?? false,
      privileged: flags.privileged ?? false,
      user: flags.user ?? '',
      workingDir: flags.workdir ?? '',
    })
  },
})
