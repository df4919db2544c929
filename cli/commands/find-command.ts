import { BerthError } from '../../schemas/errors.ts'
import { nearest } from '../ui/nearest.ts'
import { type CommandEntry, type CommandGroup, commandTable } from './table.ts'

/** What the words of a command line name: a command and its arguments, or a group whose members are to be shown. */
export type FoundCommand =
  | { readonly kind: 'command'; readonly name: string; readonly entry: CommandEntry; readonly args: readonly string[] }
  | {
      readonly kind: 'group'
      readonly name: string
      readonly group: CommandGroup
      readonly members: readonly CommandEntry[]
    }

/** Finds `ps` or `container ls`; throws USAGE with the nearest name for what is none. */
export async function findCommand(name: string, args: readonly string[]): Promise<FoundCommand> {
  const entry = pick(commandTable, name, '')
  if (!('members' in entry)) return { kind: 'command', name: entry.name, entry, args }
  const members = await entry.members()
  const [first, ...rest] = args
  if (first === undefined || first === '-h' || first === '--help')
    return { kind: 'group', name: entry.name, group: entry, members }
  const member = pick(members, first, `${entry.name} `)
  return { kind: 'command', name: `${entry.name} ${member.name}`, entry: member, args: rest }
}

type Named = { readonly name: string; readonly aliases?: readonly string[] }

function pick<Entry extends Named>(entries: readonly Entry[], name: string, head: string): Entry {
  const entry = entries.find(candidate => candidate.name === name || candidate.aliases?.includes(name))
  if (entry) return entry
  const close = nearest(
    name,
    entries.map(candidate => candidate.name),
  )
  throw new BerthError('USAGE', `unknown command "${head}${name}"`, {
    hint: close ? `did you mean "berth ${head}${close}"?` : `"berth ${head}--help" lists the commands`,
  })
}
