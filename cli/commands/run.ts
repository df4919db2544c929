import { Option } from 'commander'
import { BerthError } from '../../schemas/errors.ts'
import { prepareRun } from '../apply/run.ts'
import type { PreparedRun, RunOptions } from '../apply/use-cases.ts'
import {
  attachContainer,
  killContainer,
  removeContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { splitShellWords } from '../load/canonical/shell-words.ts'
import { applyContext, withoutBuildOutput, withoutPulls } from '../session/apply.ts'
import { connect } from '../session/connect.ts'
import { type Context, print } from '../session/context.ts'
import { withValue } from '../session/exec.ts'
import { choice, collect } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { orphanChoice } from '../session/orphan-choice.ts'
import { readPairs } from '../session/pairs.ts'
import { createProgress } from '../session/progress.ts'
import { readEnvFiles } from '../session/read-env-files.ts'
import { isInteractiveTerminal, runTerminal } from '../session/terminal.ts'
import { defineCommand } from './definition.ts'

interface RunFlags {
  readonly build?: true
  readonly quietBuild?: true
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly deps: boolean
  readonly detach?: true
  readonly entrypoint?: string
  readonly env: readonly string[]
  readonly envFromFile: readonly string[]
  readonly interactive: boolean
  readonly label: readonly string[]
  readonly labels: readonly string[]
  readonly name?: string
  readonly publish: readonly string[]
  readonly pull?: NonNullable<RunOptions['pull']>
  readonly quiet?: true
  readonly quietPull?: true
  readonly removeOrphans?: true
  readonly rm?: true
  readonly servicePorts?: true
  readonly tty: boolean
  readonly TTY: boolean
  readonly useAliases?: true
  readonly user?: string
  readonly volume: readonly string[]
  readonly volumes: readonly string[]
  readonly workdir?: string
}

export const run = defineCommand<RunFlags>({
  configure: command =>
    command
      .argument('<SERVICE>', 'service to take image and settings from')
      .argument('[COMMAND]', 'program to run (default: that of the service)')
      .argument('[ARGS...]', 'its arguments')
      .passThroughOptions()
      .option('--build', 'build the image first')
      .option('--cap-add <name>', 'add a capability; may be repeated', collect, [])
      .option('--cap-drop <name>', 'drop a capability; may be repeated', collect, [])
      .option('-d, --detach', 'do not wait; print the name of the container')
      .option('--entrypoint <program>', 'use this entrypoint')
      .option('-e, --env <NAME=value>', 'set a variable; may be repeated', collect, [])
      .option('--env-from-file <path>', 'set the variables of a file; may be repeated', collect, [])
      .option('-i, --interactive', 'pass standard input on (the default)', true)
      .option('-l, --label <name=value>', 'set a label; may be repeated', collect, [])
      .addOption(
        new Option('--labels <name=value>', 'as docker compose takes it too').argParser(collect).default([]).hideHelp(),
      )
      .option('--name <name>', 'name of the container')
      .option('--no-deps', 'do not start services that it depends on')
      .option('-p, --publish <port>', 'publish a port; may be repeated', collect, [])
      .addOption(choice('--pull <when>', 'when to pull the image', ['always', 'missing', 'never']))
      .option('-q, --quiet', 'print nothing but what the program prints')
      .option('--quiet-build', 'no output of builds')
      .option('--quiet-pull', 'no progress of pulls')
      .option('--remove-orphans', 'remove containers of services that the file no longer has')
      .option('--rm', 'remove the container when it has ended')
      .option('-P, --service-ports', 'publish the ports of the service')
      .option('-T, --no-tty', 'no terminal (default: one if both ends of berth are a terminal)')
      .addOption(new Option('--no-TTY', 'as docker compose spells it').hideHelp())
      .addOption(new Option('-t, --tty', 'a terminal (the default on one)').hideHelp())
      .option('--use-aliases', 'give it the network aliases of the service')
      .option('-u, --user <user>', 'run as this user')
      .option('-v, --volume <mount>', 'mount a folder or a volume; may be repeated', collect, [])
      .addOption(
        new Option('--volumes <mount>', 'as docker compose takes it too').argParser(collect).default([]).hideHelp(),
      )
      .option('-w, --workdir <path>', 'in this folder of the container'),
  details:
    'The container is one of its own, beside those of the service, without their published ports. The exit code is that of the program.',
  examples: [
    { line: 'berth run --rm api npm test', means: 'a job in the setting of a service' },
    { line: 'berth run --rm -e DEBUG=1 api sh', means: 'a shell with another variable' },
  ],
  handlesInterrupt: true,
  async run(context, [service = '', ...command], flags) {
    if (flags.servicePorts && flags.publish.length > 0)
      throw new BerthError('USAGE', '--service-ports and --publish are incompatible')
    const { project, environment } = await loadStack(context, { services: [service] })
    requireServices(project, [service])
    const client = await connect(context)
    const options = {
      ...(await runOptions(context, service, command, flags, environment)),
      ...orphanChoice(environment, flags.removeOrphans),
    }
    const isQuiet = flags.quiet === true
    const view = createProgress(
      isQuiet ? { ...context, globals: { ...context.globals, progress: 'quiet' } } : context,
      'run',
    )
    const all = view.show.bind(view)
    const withPulls = flags.quietBuild ? withoutBuildOutput(all) : all
    const apply = applyContext(context, client, flags.quietPull ? withoutPulls(withPulls) : withPulls)
    const prepared = await prepareRun(apply, project, options).finally(() => view.stop())
    if (flags.detach) {
      await startContainer(client, prepared.containerId)
      print(context, `${prepared.containerName}\n`)
      return 0
    }
    return runAttached(context, client, prepared, flags.rm === true)
  },
})

async function runOptions(
  context: Context,
  service: string,
  command: readonly string[],
  flags: RunFlags,
  stackEnvironment: Readonly<Record<string, string | undefined>>,
): Promise<RunOptions> {
  const {
    capAdd,
    capDrop,
    deps,
    detach = false,
    entrypoint,
    env,
    interactive,
    label,
    name,
    publish,
    pull,
    user,
    volume,
    workdir,
  } = flags
  return {
    service,
    ...(command.length === 0 ? {} : { command }),
    ...(entrypoint === undefined ? {} : { entrypoint: shellWords(entrypoint) }),
    environment: {
      ...(await readEnvFiles(context, flags.envFromFile)),
      ...readPairs(env.flatMap(variable => withValue(variable, stackEnvironment) ?? [])),
    },
    labels: readPairs([...label, ...flags.labels]),
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workingDir: workdir }),
    volumes: [...volume, ...flags.volumes],
    publish,
    servicePorts: flags.servicePorts ?? false,
    useAliases: flags.useAliases ?? false,
    capAdd,
    capDrop,
    tty: flags.tty && flags.TTY && !detach && isInteractiveTerminal(context),
    interactive,
    detach,
    remove: flags.rm ?? false,
    noDeps: !deps,
    ...(pull === undefined ? {} : { pull }),
    ...(flags.build ? { build: 'always' as const } : {}),
  }
}

function shellWords(line: string): readonly string[] {
  const split = splitShellWords(line)
  if (split.ok) return split.words
  throw new BerthError('USAGE', `cannot read --entrypoint: ${split.message}`)
}

/** Attaches and watches for the exit before the start, so that nothing of the output and no exit code can be missed. */
async function runAttached(
  context: Context,
  client: EngineClient,
  { containerId, tty, interactive }: PreparedRun,
  remove: boolean,
): Promise<number> {
  const stream = await attachContainer(client, containerId, { stdin: interactive, stdout: true, stderr: true })
  const { exit } = await waitContainer(client, containerId, remove ? 'removed' : 'next-exit')
  const onAbort = () => {
    killContainer(client, containerId, 'SIGTERM').catch(() => {})
  }
  context.signal.addEventListener('abort', onAbort)
  try {
    const terminal = runTerminal(stream, {
      ...context,
      signal: new AbortController().signal,
      tty,
      interactive,
      resize: (rows, columns) => resizeContainer(client, containerId, rows, columns),
    })
    try {
      await startContainer(client, containerId)
    } catch (error) {
      stream.socket.destroy()
      await terminal.catch(() => {})
      exit.catch(() => {})
      if (remove) await removeContainer(client, containerId, { force: true }).catch(() => {})
      throw error
    }
    await terminal
    const { StatusCode } = await exit
    return StatusCode
  } finally {
    context.signal.removeEventListener('abort', onAbort)
  }
}
