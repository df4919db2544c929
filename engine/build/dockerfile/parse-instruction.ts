import { commandOf } from './command-of.ts'
import { dockerfileError } from './dockerfile-error.ts'
import { parseGoDuration } from './go-duration.ts'
import type { HealthcheckInstruction, Instruction, InstructionBody, Pair } from './instruction.ts'
import type { LogicalLine } from './logical-lines.ts'
import { parseCopy } from './parse-copy.ts'
import { parseRun } from './parse-run.ts'
import { flagOf, readFlags } from './read-flags.ts'
import { parseJsonList, splitQuoted } from './split-words.ts'

/** All but FROM, which begins a stage. */
export function parseInstruction(line: LogicalLine, escapeMark: string): Instruction {
  return { ...parseBody(line, escapeMark), source: sourceOf(line), position: line.position }
}

const sourceOf = ({ name, rest }: LogicalLine): string => `${name} ${rest}`.replace(/\s+/g, ' ').trim()

function parseBody(line: LogicalLine, escapeMark: string): InstructionBody {
  const { name, rest, position } = line
  if (rest === '' && !['CMD', 'ENTRYPOINT'].includes(name) && known.includes(name))
    throw dockerfileError(position, name, `${name} requires at least one argument`)
  switch (name) {
    case 'ARG':
      return { kind: 'arg', args: splitQuoted(withoutFlags(line), escapeMark).map(word => argOf(line, word)) }
    case 'ENV':
      return { kind: 'env', pairs: pairsOf(line, escapeMark) }
    case 'LABEL':
      return { kind: 'label', pairs: pairsOf(line, escapeMark) }
    case 'RUN':
      return parseRun(line)
    case 'COPY':
    case 'ADD':
      return parseCopy(line, escapeMark)
    case 'CMD':
      return { kind: 'cmd', command: commandOf(withoutFlags(line)) }
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', command: commandOf(withoutFlags(line)) }
    case 'SHELL':
      return { kind: 'shell', words: shellOf(line) }
    case 'EXPOSE':
      return { kind: 'expose', words: splitQuoted(withoutFlags(line), escapeMark) }
    case 'VOLUME':
      return { kind: 'volume', words: parseJsonList(rest) ?? splitQuoted(withoutFlags(line), escapeMark) }
    case 'HEALTHCHECK':
      return parseHealthcheck(line)
    case 'WORKDIR':
      return { kind: 'workdir', text: withoutFlags(line) }
    case 'USER':
    case 'STOPSIGNAL':
    case 'MAINTAINER':
      return { kind: textKinds[name], text: withoutFlags(line) }
    case 'ONBUILD':
      return { kind: 'onbuild', text: onbuildOf(line, escapeMark) }
    default:
      throw dockerfileError(position, name, `unknown instruction; ${nearest(name)}`)
  }
}

const textKinds = { USER: 'user', STOPSIGNAL: 'stopsignal', MAINTAINER: 'maintainer' } as const
const known = ['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL'].concat([
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
])

function nearest(name: string): string {
  const near = known.find(
    word => word.startsWith(name.slice(0, 2)) || (word.length === name.length && word[0] === name[0]),
  )
  return near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`
}

const withoutFlags = ({ rest, name, position }: LogicalLine): string => readFlags(rest, name, position, {}).rest

function argOf(line: LogicalLine, word: string): { name: string; value: string | undefined } {
  const at = word.indexOf('=')
  const name = at === -1 ? word : word.slice(0, at)
  if (!/^[A-Za-z_]\w*$/.test(name)) throw dockerfileError(line.position, 'ARG', `invalid name ${JSON.stringify(name)}`)
  return { name, value: at === -1 ? undefined : word.slice(at + 1) }
}

/** `a=b c="d e"`, or the older `a the rest`. */
function pairsOf(line: LogicalLine, escapeMark: string): readonly Pair[] {
  const text = withoutFlags(line)
  const words = splitQuoted(text, escapeMark)
  const [first = ''] = words
  if (!first.includes('=')) {
    const value = text.slice(first.length).trim()
    if (value === '') throw dockerfileError(line.position, line.name, `${line.name} must have two arguments`)
    return [{ name: first, value }]
  }
  return words.map(word => {
    const at = word.indexOf('=')
    if (at === -1)
      throw dockerfileError(
        line.position,
        line.name,
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      )
    if (at === 0) throw dockerfileError(line.position, line.name, `${line.name} names can not be blank`)
    return { name: word.slice(0, at), value: word.slice(at + 1) }
  })
}

function shellOf({ rest, position }: LogicalLine): readonly string[] {
  const words = parseJsonList(rest)
  if (words === undefined || words.length === 0)
    throw dockerfileError(position, 'SHELL', `expected a JSON list such as ["/bin/sh", "-c"], found ${rest}`)
  return words
}

const durations: Readonly<Record<string, string>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
}

function parseHealthcheck(line: LogicalLine): HealthcheckInstruction {
  const { rest, position } = line
  const names = Object.fromEntries([...Object.keys(durations), 'retries'].map(name => [name, 'value' as const]))
  const read = readFlags(rest, 'HEALTHCHECK', position, names)
  const [, type = '', command = ''] = /^(\S+)\s*([\s\S]*)$/.exec(read.rest) ?? []
  if (type.toUpperCase() === 'NONE') return { kind: 'healthcheck', command: undefined, options: {} }
  if (type.toUpperCase() !== 'CMD' || command === '')
    throw dockerfileError(
      position,
      'HEALTHCHECK',
      `expected CMD with a command, or NONE; found ${JSON.stringify(read.rest)}`,
    )
  const options: Record<string, number> = {}
  for (const [flag, member] of Object.entries(durations)) {
    const text = flagOf(read, flag)
    if (text === undefined) continue
    const value = parseGoDuration(text)
    if (value === undefined || (value > 0 && value < 1e6))
      throw dockerfileError(
        position,
        'HEALTHCHECK',
        `--${flag}: expected a duration of at least 1ms, found ${JSON.stringify(text)}`,
      )
    if (value > 0) options[member] = value
  }
  const retries = flagOf(read, 'retries')
  if (retries !== undefined) {
    if (!/^\d+$/.test(retries))
      throw dockerfileError(position, 'HEALTHCHECK', `--retries: expected a number, found ${JSON.stringify(retries)}`)
    if (Number(retries) > 0) options['Retries'] = Number(retries)
  }
  return { kind: 'healthcheck', command: commandOf(command), options }
}

function onbuildOf(line: LogicalLine, escapeMark: string): string {
  const { rest, position, heredocs } = line
  const [, word = '', inner = ''] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? []
  const name = word.toUpperCase()
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(name))
    throw dockerfileError(position, 'ONBUILD', `${name} isn't allowed as an ONBUILD trigger`)
  parseInstruction({ name, rest: inner, heredocs, position }, escapeMark)
  return [rest, ...heredocs.map(({ content, name: end }) => `${content}${end}`)].join('\n')
}
