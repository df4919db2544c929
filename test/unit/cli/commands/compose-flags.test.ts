import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Command } from 'commander'
import { commandTable } from '../../../../cli/commands/table.ts'
import { addGlobalFlags } from '../../../../cli/session/globals.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

interface Row {
  /** Empty for the flags before a command. */
  readonly command: string
  /** `-f, --file`; empty for the command itself. */
  readonly flag: string
  readonly support: 'works' | 'warned' | 'no effect' | 'not yet' | 'refused'
  readonly because: string
}

/** Every command and flag of docker compose 2.40, and what berth does with it; the README's table of exceptions is made from it. */
const rows = readFileSync(join(root, 'test/unit/cli/commands/compose-cli.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => {
    const [command = '', flag = '', support = '', because = ''] = line.split('\t')
    return { command, flag, support, because } as Row
  })

async function commandOf(name: string): Promise<Command | undefined> {
  if (name === '') return addGlobalFlags(new Command()).option('-v, --version')
  const entry = commandTable.find(candidate => candidate.name === name)
  if (!entry || 'members' in entry) return undefined
  const definition = await entry.load()
  return definition.configure?.(new Command()) ?? new Command()
}

test('every command and flag of docker compose is there, or the list says why not', async () => {
  const missing: string[] = []
  for (const { command: name, flag, support } of rows) {
    if (support === 'refused' || support === 'not yet') continue
    const command = await commandOf(name)
    const words = flag === '' ? [] : flag.split(', ')
    const found = command !== undefined && words.every(word => has(command, word))
    if (!found) missing.push(`${name} ${flag}`)
  }
  assert.deepEqual(missing, [])
})

test('what is an exception says why', () => {
  for (const row of rows) assert.equal(row.support === 'works', row.because === '', `${row.command} ${row.flag}`)
})

test('the README has the exceptions', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  for (const line of exceptions()) assert.ok(readme.includes(line), `README.md lacks: ${line}`)
})

function has(command: Command, word: string): boolean {
  return command.options.some(option => option.long === word || option.short === word)
}

/** A line for each reason, with the commands and flags that it is about. */
function exceptions(): readonly string[] {
  const reasons = [...new Set(rows.filter(row => row.because !== '').map(row => `${row.support}\t${row.because}`))]
  return reasons.map(reason => {
    const [support = '', because = ''] = reason.split('\t')
    const members = rows.filter(row => row.support === support && row.because === because)
    const commands = new Set(members.filter(row => row.flag === '').map(row => row.command))
    const names = members
      .filter(row => row.flag === '' || !commands.has(row.command))
      .map(row => `\`${`${row.command} ${row.flag}`.trim()}\``)
    return `| ${names.join(', ')} | ${support} | ${because} |`
  })
}
