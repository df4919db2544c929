import { Command, type Option } from 'commander'
import { type CommandEntry, commandTable } from '../commands/table.ts'
import { addGlobalFlags } from '../session/globals.ts'

/** What may stand at the cursor. */
export interface Completion {
  readonly word: string
  readonly description?: string
}

/** What a value or an argument names, in the words of the definitions: `<SERVICE>`, `[CONTAINER...]`, `--file <path>`. */
export type NameKind = 'service' | 'container' | 'network' | 'volume' | 'image' | 'path'

export interface CompletionAnswer {
  readonly words: readonly Completion[]
  /** Ask for the names of this kind too. */
  readonly kind: NameKind | undefined
  /** Words before the command, for looking at the stack that they name. */
  readonly globalWords: readonly string[]
}

/** Completes the last of `words` (the command line after `berth`, up to the cursor). Pure but for loading the definitions of the command that is named. */
export async function complete(words: readonly string[]): Promise<CompletionAnswer> {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const globals = addGlobalFlags(new Command())
    .option('-v, --version', 'print the version')
    .option('-h, --help', 'show help')
  const { at, pending } = walk(globals, before, true)
  const globalWords = before.slice(0, at)
  const name = before[at]
  if (name === undefined) {
    if (pending) return valuesOf(pending, current, globalWords)
    return answer(current.startsWith('-') ? flagsOf(globals) : entriesOf(commandTable), current, undefined, globalWords)
  }
  const top = commandTable.find(entry => entry.name === name)
  if (!top) return { words: [], kind: undefined, globalWords }
  if (!('members' in top)) return completeCommand(top, before.slice(at + 1), current, globalWords)
  const members = await top.members()
  const memberName = before[at + 1]
  if (memberName === undefined) return answer(entriesOf(members), current, undefined, globalWords)
  const member = members.find(entry => entry.name === memberName || entry.aliases?.includes(memberName))
  if (!member) return { words: [], kind: undefined, globalWords }
  return completeCommand(member, before.slice(at + 2), current, globalWords)
}

async function completeCommand(
  entry: CommandEntry,
  before: readonly string[],
  current: string,
  globalWords: readonly string[],
): Promise<CompletionAnswer> {
  const definition = await entry.load()
  const command = (definition.configure?.(new Command()) ?? new Command()).option('-h, --help', 'show this help')
  const { pending, positionals } = walk(command, before, false)
  if (pending) return valuesOf(pending, current, globalWords)
  if (current.startsWith('-')) return answer(flagsOf(command), current, undefined, globalWords)
  const argument = command.registeredArguments[positionals] ?? command.registeredArguments.at(-1)
  const isThere = positionals < command.registeredArguments.length || argument?.variadic === true
  const choices =
    argument?.argChoices ??
    argument
      ?.name()
      .match(/^[a-z]+(?:\|[a-z]+)+$/)?.[0]
      .split('|') ??
    []
  const kind = argument && isThere ? kindOf(argument.name()) : undefined
  return answer(
    choices.map(word => ({ word })),
    current,
    kind,
    globalWords,
  )
}

interface Walked {
  /** Where the first word that is no flag stands; the number of words if there is none. */
  readonly at: number
  /** The option whose value the cursor stands at. */
  readonly pending: Option | undefined
  readonly positionals: number
}

function walk(command: Command, words: readonly string[], stopsAtPositional: boolean): Walked {
  let positionals = 0
  let at = 0
  for (; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (!word.startsWith('-') || word === '-') {
      if (stopsAtPositional) return { at, pending: undefined, positionals }
      positionals += 1
      continue
    }
    const option = command.options.find(each => each.long === word || each.short === word)
    if (!option?.required) continue
    if (at + 1 >= words.length) return { at: words.length, pending: option, positionals }
    at += 1
  }
  return { at, pending: undefined, positionals }
}

function valuesOf(option: Option, current: string, globalWords: readonly string[]): CompletionAnswer {
  const choices = (option.argChoices ?? []).map(word => ({ word }))
  const value = option.flags.match(/<([^>]+)>/)?.[1] ?? ''
  return answer(choices, current, kindOf(value), globalWords)
}

function kindOf(name: string): NameKind | undefined {
  const word = name.replace(/[.=].*$/, '').toLowerCase()
  if (['path', 'file', 'folder', 'source', 'destination'].includes(word)) return 'path'
  return (['service', 'container', 'network', 'volume', 'image'] as const).find(kind => kind === word)
}

function flagsOf(command: Command): readonly Completion[] {
  return command.options
    .filter(option => !option.hidden)
    .map(option => ({ word: option.long ?? option.short ?? '', description: option.description }))
}

function entriesOf(entries: readonly { readonly name: string; readonly summary: string }[]): readonly Completion[] {
  return entries
    .filter(entry => !('isHidden' in entry))
    .map(({ name, summary }) => ({ word: name, description: summary }))
}

function answer(
  words: readonly Completion[],
  current: string,
  kind: NameKind | undefined,
  globalWords: readonly string[],
): CompletionAnswer {
  return { words: words.filter(({ word }) => word.startsWith(current)), kind, globalWords }
}
