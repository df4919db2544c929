import { dockerfileError } from './dockerfile-error.ts'
import type { CopyInstruction } from './instruction.ts'
import { isHeredocWord, type LogicalLine } from './logical-lines.ts'
import { flagOf, isOn, readFlags } from './read-flags.ts'
import { parseJsonList, splitQuoted } from './split-words.ts'

/** COPY and ADD. */
export function parseCopy(line: LogicalLine, escapeMark: string): CopyInstruction {
  const { name, rest, position, heredocs } = line
  const shared = { chown: 'value', chmod: 'value', link: 'flag', exclude: 'values' } as const
  const read = readFlags(
    rest,
    name,
    position,
    name === 'COPY'
      ? { ...shared, from: 'value', parents: 'flag' }
      : { ...shared, checksum: 'value', 'keep-git-dir': 'flag', unpack: 'flag' },
  )
  const words = parseJsonList(read.rest) ?? splitQuoted(read.rest, escapeMark)
  const destination = words.at(-1)
  const sources = words.slice(0, -1)
  if (destination === undefined || sources.length === 0)
    throw dockerfileError(
      position,
      name,
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
    )
  if (sources.length > 1 && !destination.endsWith('/') && !/(^|\/)\.{1,2}$/.test(destination) && destination !== '.')
    throw dockerfileError(
      position,
      name,
      `when using ${name} with more than one source file, the destination must be a directory and end with a /`,
    )
  return {
    kind: name === 'COPY' ? 'copy' : 'add',
    sources: sources.filter(word => !isHeredocWord(word)),
    destination,
    heredocs,
    from: flagOf(read, 'from'),
    chown: flagOf(read, 'chown'),
    chmod: flagOf(read, 'chmod'),
    checksum: flagOf(read, 'checksum'),
    keepsGitDir: isOn(read, 'keep-git-dir'),
    isLinked: isOn(read, 'link'),
    keepsParents: isOn(read, 'parents'),
    excludes: read.flags.get('exclude') ?? [],
    unpacks: flagOf(read, 'unpack') === undefined ? undefined : isOn(read, 'unpack'),
  }
}
