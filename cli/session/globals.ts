import { type Command, InvalidArgumentError, Option } from 'commander'
import type { AnsiMode } from '../ui/style.ts'

export const progressModes = ['auto', 'tty', 'plain', 'json', 'quiet'] as const
export type ProgressMode = (typeof progressModes)[number]

/** Flags that stand before the command's name; the same as those of `docker compose`, with Berth's own host and autostart. */
export interface GlobalFlags {
  readonly file: readonly string[]
  readonly projectName: string | undefined
  readonly projectDirectory: string | undefined
  readonly envFile: readonly string[]
  readonly profile: readonly string[]
  readonly host: string | undefined
  readonly progress: ProgressMode
  readonly ansi: AnsiMode
  /** undefined = no limit of its own. */
  readonly parallel: number | undefined
  readonly dryRun: boolean
  readonly autostart: boolean
  readonly allResources: boolean
  readonly compatibility: boolean
}

/** Adds the global flags to the root command, in the order of help. */
export function addGlobalFlags(program: Command): Command {
  return program
    .option('-f, --file <path>', 'stack file, or - for standard input; repeat to merge several', collect, [])
    .option('-p, --project-name <name>', 'name of the stack (default: the name in the file, or its folder)')
    .option('--project-directory <path>', 'folder that relative paths are taken from (default: that of the first file)')
    .option('--env-file <path>', 'file of variables to use in place of .env; may be repeated', collect, [])
    .option('--profile <name>', 'profile to activate, * for all; may be repeated', collect, [])
    .option('-H, --host <url>', 'engine to talk to, e.g. unix:///run/berth/berth.sock (also BERTH_HOST, DOCKER_HOST)')
    .addOption(choice('--progress <how>', 'how progress is shown', progressModes, 'auto'))
    .addOption(choice('--ansi <when>', 'when to use colours and cursor movement', ['auto', 'never', 'always'], 'auto'))
    .option('--parallel <number>', 'how many operations may run at once, -1 for no limit', parseParallel)
    .option('--dry-run', 'print what would be done, and change nothing', false)
    .option('--all-resources', 'networks and volumes too that no service uses', false)
    .option('--no-autostart', 'do not start the daemon when nothing answers at the default socket')
    .addOption(
      new Option('--compatibility', 'names with _ in place of -, as Compose 1 made them').default(false).hideHelp(),
    )
    .addOption(new Option('--verbose', 'no effect, as in Compose').hideHelp())
    .addOption(new Option('--no-ansi', 'deprecated: --ansi never').hideHelp())
    .addOption(new Option('--workdir <path>', 'deprecated: --project-directory').hideHelp())
}

/** An option value that may be given several times. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value]
}

/** An option whose value is one of a few words. */
export function choice(flags: string, description: string, choices: readonly string[], fallback?: string): Option {
  const option = new Option(flags, description).choices(choices)
  return fallback === undefined ? option : option.default(fallback)
}

/** A whole number, at least `minimum`. */
export function integer(minimum: number): (value: string) => number {
  return value => {
    const number = Number(value)
    if (value.trim() === '' || !Number.isSafeInteger(number) || number < minimum)
      throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}.`)
    return number
  }
}

function parseParallel(value: string): number | undefined {
  const number = integer(-1)(value)
  if (number === 0) throw new InvalidArgumentError('Expected a number above 0, or -1 for no limit.')
  return number < 0 ? undefined : number
}
