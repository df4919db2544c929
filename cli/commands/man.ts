import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { berthVersion } from '../../schemas/version.ts'
import { type ManPage, manPage } from '../man/page.ts'
import { print } from '../session/context.ts'
import { addGlobalFlags } from '../session/globals.ts'
import { defineCommand } from './definition.ts'
import { findCommand } from './find-command.ts'
import { type CommandEntry, type CommandGroup, commandTable } from './table.ts'

export const man = defineCommand<{ readonly output?: string }>({
  configure: command =>
    command
      .argument('[COMMAND...]', 'command to describe (default: berth itself)')
      .option('-o, --output <folder>', 'write the pages of all commands into a folder'),
  details: 'Manual pages, made from the same definitions as --help.',
  examples: [
    { line: 'berth man container ls | man -l -', means: 'read one' },
    { line: 'berth man -o /usr/local/share/man/man1', means: 'install them all' },
  ],
  async run(context, [name, ...rest], { output }) {
    if (output === undefined) {
      print(context, manPage(name === undefined ? rootPage() : await namedPage(name, rest)))
      return 0
    }
    const folder = resolve(context.cwd, output)
    await mkdir(folder, { recursive: true })
    const pages = [rootPage(), ...(await allPages())]
    await Promise.all(pages.map(page => writeFile(join(folder, `${page.name}.1`), manPage(page))))
    print(context, `${pages.length} pages in ${folder}\n`)
    return 0
  },
})

function rootPage(): ManPage {
  return {
    ...empty,
    name: 'berth',
    summary: 'runs Compose stack files on this host, without Docker',
    usage: 'berth [global options] COMMAND [options]',
    command: addGlobalFlags(new Command()),
    members: commandTable.filter(entry => !('isHidden' in entry)),
  }
}

async function namedPage(name: string, rest: readonly string[]): Promise<ManPage> {
  const found = await findCommand(name, rest)
  return found.kind === 'group' ? groupPage(found.group, found.members) : commandPage(found.name, found.entry)
}

async function allPages(): Promise<readonly ManPage[]> {
  const pages = commandTable.map(async entry => {
    if ('isHidden' in entry) return []
    if (!('members' in entry)) return [await commandPage(entry.name, entry)]
    const members = (await entry.members()).filter(member => !member.isHidden)
    const own = await Promise.all(members.map(member => commandPage(`${entry.name} ${member.name}`, member)))
    return [groupPage(entry, members), ...own]
  })
  return (await Promise.all(pages)).flat()
}

function groupPage(group: CommandGroup, members: readonly CommandEntry[]): ManPage {
  const usage = `berth ${group.name} COMMAND [options]`
  return { ...empty, name: `berth-${group.name}`, summary: group.summary, usage, command: new Command(), members }
}

async function commandPage(name: string, entry: CommandEntry): Promise<ManPage> {
  const { configure, details, examples = [] } = await entry.load()
  const command = configure?.(new Command(`berth ${name}`)) ?? new Command(`berth ${name}`)
  return {
    ...empty,
    name: `berth-${name.replaceAll(' ', '-')}`,
    summary: entry.summary,
    details,
    usage: `berth ${name} ${command.usage()}`,
    command,
    examples,
  }
}

const empty = { details: undefined, examples: [], members: [], version: berthVersion }
