import { Command } from 'commander'
import type { Example } from '../commands/definition.ts'
import type { CommandEntry } from '../commands/table.ts'
import type { Context } from './context.ts'

/** Makes commander print through the context, throw in place of exiting, and leave the wording of errors to us. */
export function prepareHelp(command: Command, context: Context): Command {
  const { stdout, style } = context
  return command
    .exitOverride()
    .configureOutput({
      writeOut: text => stdout.write(text),
      writeErr: text => stdout.write(text),
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(stdout.columns),
      getErrHelpWidth: () => helpWidth(stdout.columns),
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
    .configureHelp({ styleTitle: title => style.bold(title), showGlobalOptions: false })
}

/** Wide terminals do not help reading. */
function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? 100, 100)
}

/** Lists every command under its group in the help of the root command. */
export function addCommands(program: Command, table: readonly CommandEntry[]): Command {
  for (const entry of table) {
    if (entry.isHidden) continue
    program.addCommand(new Command(entry.name).summary(entry.summary).helpGroup(entry.group).usage(''))
  }
  program.configureHelp({
    ...program.configureHelp(),
    visibleArguments: () => [],
    subcommandTerm: command => command.name(),
  })
  return program.addHelpText('after', '\n"berth COMMAND --help" shows the options of a command, with examples.')
}

/** Adds the examples below the options. */
export function addExamples(command: Command, examples: readonly Example[], { style }: Context): Command {
  if (examples.length === 0) return command
  const width = Math.max(...examples.map(example => example.line.length))
  const lines = examples.map(({ line, means }) => `  ${line.padEnd(width)}  ${style.dim(means)}`)
  return command.addHelpText('after', `\n${style.bold('Examples:')}\n${lines.join('\n')}`)
}
