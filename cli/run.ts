import { Command, CommanderError } from 'commander'
import { BerthError } from '../schemas/errors.ts'
import { berthVersion } from '../schemas/version.ts'
import type { CommandDefinition, Flags } from './commands/definition.ts'
import { findCommand } from './commands/find-command.ts'
import { type CommandEntry, commandTable } from './commands/table.ts'
import { withoutBooleanValues } from './session/boolean-values.ts'
import type { Context } from './session/context.ts'
import { addGlobalFlags, type GlobalFlags, type ProgressMode, progressModes } from './session/globals.ts'
import { addExamples, groupOverview, overview, prepareHelp } from './session/help.ts'
import { reportError } from './session/report-error.ts'
import { createStyle } from './ui/style.ts'

/** The world as the process has it, before any flag is read. */
export type World = Omit<Context, 'globals' | 'style' | 'errorStyle'>

export interface RunEnd {
  readonly code: number
  /** The command was left by an interruption, and what it was waiting for goes on until the process ends. */
  readonly isAbandoned: boolean
}

/** Runs one command line; every failure has been reported when it resolves. */
export async function run(argv: readonly string[], world: World): Promise<RunEnd> {
  let handlesInterrupt = false
  const code = await runCommand(argv, world, definition => {
    handlesInterrupt = definition.handlesInterrupt === true
  })
  return { code, isAbandoned: world.signal.aborted && !handlesInterrupt }
}

async function runCommand(
  argv: readonly string[],
  world: World,
  onFound: (definition: CommandDefinition) => void,
): Promise<number> {
  let context = { ...world, ...createStyles(world, defaultGlobals), globals: defaultGlobals }
  let flags: Flags = {}
  let definition: CommandDefinition | undefined
  let commandName: string | undefined
  try {
    const root = parseRoot(argv, context)
    if (root === undefined) return 0
    const { globals } = root
    context = { ...world, ...createStyles(world, globals), globals }
    const found = await findCommand(root.name, root.args)
    commandName = found.name
    if (found.kind === 'group') {
      context.stdout.write(groupOverview(found.group, found.members, context))
      return 0
    }
    definition = await found.entry.load()
    onFound(definition)
    const command = buildCommand(found.name, found.entry, definition, context)
    const words = withoutBooleanValues(command, found.args, passesThrough(command))
    command.parse(words, { from: 'user' })
    flags = command.opts()
    const running = definition.run(context, command.args, flags)
    return await (definition.handlesInterrupt ? running : Promise.race([running, interrupted(context.signal)]))
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const code = await reportError(
      context,
      error instanceof CommanderError ? usageError(error, commandName) : error,
      flags,
    )
    return definition?.failureExitCode?.(flags) ?? code
  }
}

const defaultGlobals: GlobalFlags = {
  file: [],
  projectName: undefined,
  projectDirectory: undefined,
  envFile: [],
  profile: [],
  host: undefined,
  progress: 'auto',
  ansi: 'auto',
  parallel: undefined,
  dryRun: false,
  autostart: true,
  allResources: false,
  compatibility: false,
}

/** Rejects when the signal is aborted. */
function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

interface Root {
  readonly globals: GlobalFlags
  readonly name: string
  readonly args: readonly string[]
}

/** Parses the flags before the command's name; undefined when only help or the version was asked for. */
function parseRoot(argv: readonly string[], context: Context): Root | undefined {
  const program = prepareHelp(new Command('berth'), context)
    .description('Runs Compose stack files on this host, without Docker.')
    .enablePositionalOptions()
    .passThroughOptions()
    .helpOption(false)
    .helpCommand(false)
    .argument('[command]')
    .argument('[args...]')
    .action(() => {})
  addGlobalFlags(program)
    .option('-v, --version', 'print the version of Berth')
    .option('-h, --help', 'show this help; after a command, that of the command')
  program.parse(withoutBooleanValues(program, argv, true), { from: 'user' })
  const { version, help, ...flags } = program.opts<RootFlags>()
  const globals = withVariables(withoutOldNames(flags), context.env)
  const [first, ...rest] = program.args
  const [name, args] = help
    ? [first, ['--help']]
    : first === 'help'
      ? [rest[0], [...rest.slice(1), '--help']]
      : [first, rest]
  if (version) context.stdout.write(`berth version ${berthVersion}\n`)
  else if (name !== undefined) return { globals: { ...defaultGlobals, ...globals }, name, args }
  else context.stdout.write(overview(program, commandTable, context))
  return undefined
}

type RootFlags = Omit<GlobalFlags, 'ansi'> & OldFlags & { readonly version?: boolean; readonly help?: boolean }

/** Flags that docker compose still takes. `--no-ansi` makes `ansi` false. */
interface OldFlags {
  readonly ansi: GlobalFlags['ansi'] | false
  readonly workdir?: string
  readonly verbose?: true
}

function withoutOldNames(flags: Omit<RootFlags, 'version' | 'help'>): GlobalFlags {
  const { workdir, verbose: _, ansi, ...globals } = flags
  return { ...globals, projectDirectory: globals.projectDirectory ?? workdir, ansi: ansi === false ? 'never' : ansi }
}

/** What Compose's variables say where no flag does; one that makes no sense counts as not set, as there. */
function withVariables(globals: GlobalFlags, env: Context['env']): GlobalFlags {
  const { COMPOSE_PARALLEL_LIMIT: limit = '', COMPOSE_ANSI: ansi = '', COMPOSE_PROGRESS: progress = '' } = env
  return {
    ...globals,
    parallel: globals.parallel ?? (/^[1-9]\d*$/.test(limit) ? Number(limit) : undefined),
    ansi: globals.ansi === 'auto' && (ansi === 'never' || ansi === 'always') ? ansi : globals.ansi,
    progress:
      globals.progress === 'auto' && progressModes.some(mode => mode === progress)
        ? (progress as ProgressMode)
        : globals.progress,
  }
}

function buildCommand(name: string, entry: CommandEntry, definition: CommandDefinition, context: Context): Command {
  const command = prepareHelp(new Command(`berth ${name}`), context)
    .description(definition.details ? `${entry.summary}.\n\n${definition.details}` : `${entry.summary}.`)
    .helpOption('-h, --help', 'show this help')
  return addExamples(definition.configure?.(command) ?? command, definition.examples ?? [], context)
}

/** Whether what follows the first argument belongs to another program (`exec`, `run`); commander has no public way to ask. */
function passesThrough(command: Command): boolean {
  return '_passThroughOptions' in command && command._passThroughOptions === true
}

/** A wrong flag or argument, said by commander; adds where help is, and the place of a global flag that came too late. */
function usageError(error: CommanderError, command: string | undefined): BerthError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const help = `"berth ${command ? `${command} ` : ''}--help" shows what it takes`
  const late = lateGlobalFlag(message)
  if (late && command)
    return new BerthError('USAGE', message, { hint: `${late} goes before the command: berth ${late} ... ${command}` })
  const meant = suggestion?.match(/Did you mean (?:one of )?(.+)\?/)?.[1]
  return new BerthError('USAGE', message, { hint: meant ? `did you mean "${meant}"? ${help}` : help })
}

function lateGlobalFlag(message: string): string | undefined {
  const flag = message.match(/^unknown option '(-[^'=]+)/)?.[1]
  return addGlobalFlags(new Command()).options.some(option => option.long === flag || option.short === flag)
    ? flag
    : undefined
}

function createStyles(world: World, { ansi }: GlobalFlags): Pick<Context, 'style' | 'errorStyle'> {
  const { env } = world
  return {
    style: createStyle({ mode: ansi, isTty: world.stdout.isTTY === true, env }),
    errorStyle: createStyle({ mode: ansi, isTty: world.stderr.isTTY === true, env }),
  }
}
