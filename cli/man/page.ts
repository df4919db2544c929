import type { Command, Option } from 'commander'
import type { Example } from '../commands/definition.ts'

export interface ManPage {
  /** `berth-container-ls` */
  readonly name: string
  readonly summary: string
  readonly details: string | undefined
  /** `berth container ls [options]` */
  readonly usage: string
  readonly command: Command
  readonly examples: readonly Example[]
  /** Members of a group, or all commands for the page of berth itself. */
  readonly members: readonly { readonly name: string; readonly summary: string }[]
  readonly version: string
}

/** The page as roff, section 1 (man(7)). No date, so that the same version makes the same bytes. */
export function manPage(page: ManPage): string {
  const { name, summary, details, usage, command, examples, members, version } = page
  const options = command.options.filter(option => !option.hidden)
  const lines = [
    `.TH ${roff(name.toUpperCase())} 1 "" "Berth ${version}" "Berth"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(summary)}`,
    '.SH SYNOPSIS',
    `.B ${roff(usage)}`,
    ...(details === undefined ? [] : ['.SH DESCRIPTION', roff(details)]),
    ...section(
      'ARGUMENTS',
      command.registeredArguments.map(each => item(each.name(), each.description)),
    ),
    ...section(
      'OPTIONS',
      options.map(option => item(option.flags, optionText(option))),
    ),
    ...section(
      'COMMANDS',
      members.map(member => item(member.name, member.summary)),
    ),
    ...section(
      'EXAMPLES',
      examples.map(({ line, means }) => item(line, means)),
    ),
    '.SH SEE ALSO',
    name === 'berth' ? '\\fBberth-up\\fR(1), \\fBberth-plan\\fR(1), \\fBberth-container\\fR(1)' : '\\fBberth\\fR(1)',
  ]
  return `${lines.join('\n')}\n`
}

function section(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`.SH ${title}`, ...items]
}

function item(term: string, text: string): string {
  return `.TP\n.B ${roff(term)}\n${roff(text)}`
}

function optionText({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices ? ` (${argChoices.join(', ')})` : ''
  const hasDefault = typeof defaultValue === 'string' || typeof defaultValue === 'number'
  return `${description}${choices}${hasDefault ? `; default: ${defaultValue}` : ''}`
}

/** Hyphens stay hyphens that can be copied, and no line begins a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(['.])/gm, '\\&$1')
}
