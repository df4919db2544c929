import type { Command, Option } from 'commander'
import type { Example } from '../commands/definition.ts'
import type { CommandEntry, CommandGroup, TopEntry } from '../commands/table.ts'
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
      getOutHelpWidth: () => helpWidth(context),
      getErrHelpWidth: () => helpWidth(context),
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
    .configureHelp({ styleTitle: title => style.bold(title), optionDescription })
}

/** Wide terminals do not help reading. */
function helpWidth({ stdout }: Context): number {
  return Math.min(stdout.columns || 100, 100)
}

/** The description, the words that may be chosen, and the default where it is one. */
function optionDescription({ description, argChoices, defaultValue }: Option): string {
  const hasDefault = typeof defaultValue === 'string' || typeof defaultValue === 'number'
  const choices = argChoices ? [argChoices.join(', ')] : []
  const extra = [...choices, ...(hasDefault ? [`default ${defaultValue}`] : [])]
  return extra.length > 0 ? `${description} (${extra.join('; ')})` : description
}

/** Help of the program itself: usage, the commands by group, the global flags. */
export function overview(program: Command, table: readonly TopEntry[], context: Context): string {
  const { style } = context
  const help = program.createHelp()
  help.prepareContext({ helpWidth: helpWidth(context) })
  const visible = table.filter(entry => !('isHidden' in entry))
  const width = Math.max(...visible.map(entry => entry.name.length))
  const parts = [`${program.description()}\n`, `${style.bold('Usage:')} berth [global options] COMMAND [options]\n`]
  for (const group of new Set(visible.map(entry => entry.group))) {
    const members = visible.filter(entry => entry.group === group)
    parts.push(style.bold(group), ...members.map(entry => `  ${entry.name.padEnd(width)}  ${entry.summary}`), '')
  }
  const options = help.visibleOptions(program)
  const optionWidth = Math.max(...options.map(option => help.optionTerm(option).length))
  const items = options.map(option =>
    help.formatItem(help.optionTerm(option), optionWidth, optionDescription(option), help),
  )
  parts.push(
    style.bold('Global options:'),
    ...items,
    '',
    '"berth COMMAND --help" shows the options of a command, with examples.',
  )
  return `${parts.join('\n')}\n`
}

/** Help of a group such as `berth container`: what it is, and its members. */
export function groupOverview(group: CommandGroup, members: readonly CommandEntry[], { style }: Context): string {
  const visible = members.filter(member => !member.isHidden)
  const width = Math.max(...visible.map(member => member.name.length))
  return [
    `${group.summary}.\n`,
    `${style.bold('Usage:')} berth ${group.name} COMMAND [options]\n`,
    style.bold('Commands:'),
    ...visible.map(member => `  ${member.name.padEnd(width)}  ${member.summary}`),
    `\n"berth ${group.name} COMMAND --help" shows the options of a command, with examples.\n`,
  ].join('\n')
}

/** Adds the examples below the options. */
export function addExamples(command: Command, examples: readonly Example[], { style }: Context): Command {
  if (examples.length === 0) return command
  const width = Math.max(...examples.map(example => example.line.length))
  const lines = examples.map(({ line, means }) => `  ${line.padEnd(width)}  ${style.dim(means)}`)
  return command.addHelpText('after', `\n${style.bold('Examples:')}\n${lines.join('\n')}`)
}
