import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { tar } from '../../support/tar-writer.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

/** Compiles the attacking program, static so that it runs in an empty root, and answers its path. */
export function buildAttack(): string {
  const folder = join(root, 'test/fault/escapes/program')
  const program = join(root, 'build/test/attack')
  const sources = readdirSync(folder)
    .filter(name => name.endsWith('.c'))
    .map(name => join(folder, name))
  mkdirSync(join(root, 'build/test'), { recursive: true })
  const flags = ['-std=gnu17', '-O1', '-static', '-Wall', '-Wextra', '-Wshadow', '-Werror']
  execFileSync(process.env['CC'] ?? 'gcc', [...flags, '-o', program, ...sources], { stdio: 'pipe', encoding: 'utf8' })
  return program
}

/** A layer with nothing but the program, at /attack. */
export const attackLayer = (program: string): Buffer =>
  tar({ name: 'attack', content: readFileSync(program), mode: 0o755 }, { name: 'tmp', flag: '5', mode: 0o1777 })

/** What the program printed, by attack: 'open', the name of an errno, or 'killed' when the attempt ended by a signal. */
export function readOutcomes(output: string): ReadonlyMap<string, string> {
  const lines = output.split('\n').filter(Boolean)
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), nameOf(Number(line.split(' ').at(-1)))]))
}

function nameOf(errnum: number): string {
  if (errnum === 0) return 'open'
  if (errnum > 1000) return 'killed'
  return Object.entries(constants.errno).find(([, value]) => value === errnum)?.[0] ?? `errno ${errnum}`
}
