import type { Command } from 'commander'
import type { Context } from '../session/context.ts'

/** One command of the command line. Its file exports one of these; only the file of the command that was named is loaded. */
export interface CommandDefinition {
  /** Adds arguments and options. Long texts belong to `details`. */
  readonly configure?: (command: Command) => Command
  /** A paragraph below the summary in `--help`. */
  readonly details?: string
  readonly examples?: readonly Example[]
  /** The command ends by itself, cleanly, when the context's signal is aborted; others are simply left by Ctrl-C. */
  readonly handlesInterrupt?: true
  /** Exit code of every failure, for commands whose other codes mean something. */
  readonly failureExitCode?: (flags: Flags) => number | undefined
  /** Does the work and returns the exit code. */
  readonly run: (context: Context, args: readonly string[], flags: Flags) => Promise<number>
}

export interface Example {
  readonly line: string
  readonly means: string
}

/** What commander parsed; a command reads it as its own flags type. */
export type Flags = Readonly<Record<string, unknown>>

/** Types a command's flags: `F` must be what its `configure` declares. The only place where parsed flags get their type. */
export function defineCommand<F extends object>(
  definition: Omit<CommandDefinition, 'run' | 'failureExitCode'> & {
    readonly failureExitCode?: (flags: F) => number | undefined
    readonly run: (context: Context, args: readonly string[], flags: F) => Promise<number>
  },
): CommandDefinition {
  return {
    ...definition,
    failureExitCode: flags => definition.failureExitCode?.(flags as F),
    run: (context, args, flags) => definition.run(context, args, flags as F),
  }
}
