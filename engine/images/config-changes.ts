import { posix } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import type { ImageConfig } from './oci.ts'
import { splitWords } from './shell-words.ts'

const instructions = ['CMD', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'LABEL', 'ONBUILD', 'STOPSIGNAL'].concat([
  'USER',
  'VOLUME',
  'WORKDIR',
])

/**
 * Applies Dockerfile instructions (`docker commit --change`, `docker import --change`) to an image's configuration. Pure.
 * Throws INVALID_ARGUMENT with dockerd's texts.
 */
export function applyConfigChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  return changes
    .flatMap(text => text.split('\n'))
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .reduce(applyInstruction, config)
}

function applyInstruction(config: ImageConfig, line: string): ImageConfig {
  const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? []
  const name = word.toUpperCase()
  if (!instructions.includes(name)) throw new BerthError('INVALID_ARGUMENT', `${name} is not a valid change command`)
  switch (name) {
    case 'CMD':
      return { ...config, Cmd: commandOf(rest) }
    case 'ENTRYPOINT':
      return { ...config, Entrypoint: commandOf(rest) }
    case 'ENV':
      return { ...config, Env: withVariables(config.Env ?? [], pairsOf(name, rest)) }
    case 'LABEL':
      return { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairsOf(name, rest)) } }
    case 'EXPOSE':
      return { ...config, ExposedPorts: { ...config.ExposedPorts, ...setOf(splitWords(rest).map(portOf)) } }
    case 'VOLUME':
      return { ...config, Volumes: { ...config.Volumes, ...setOf(listOf(rest) ?? splitWords(rest)) } }
    case 'HEALTHCHECK':
      return { ...config, Healthcheck: healthcheckOf(rest) }
    case 'ONBUILD':
      return { ...config, OnBuild: [...(config.OnBuild ?? []), rest] }
    case 'STOPSIGNAL':
      return { ...config, StopSignal: rest }
    case 'USER':
      return { ...config, User: rest }
    default:
      return { ...config, WorkingDir: posix.resolve(config.WorkingDir || '/', rest) }
  }
}

/** `["a","b"]`; undefined when it is not that. */
function listOf(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

/** The exec form as it is, the shell form through a shell; nothing at all is nothing. */
const commandOf = (text: string): string[] => listOf(text) ?? (text === '' ? [] : ['/bin/sh', '-c', text])

const setOf = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map(name => [name, {}]))

function portOf(text: string): string {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text)
  if (match === null || Number(match[1]) > 65_535) throw new BerthError('INVALID_ARGUMENT', `invalid port: ${text}`)
  return `${match[1]}/${(match[2] ?? 'tcp').toLowerCase()}`
}

/** `a=b c="d e"`, or the older `a the rest`. */
function pairsOf(name: string, text: string): readonly (readonly [string, string])[] {
  const words = splitWords(text)
  const [first = ''] = words
  if (first === '') throw new BerthError('INVALID_ARGUMENT', `${name} requires at least one argument`)
  if (!first.includes('=')) return [[first, text.slice(text.indexOf(first) + first.length).trim()]]
  return words.map(word => {
    const at = word.indexOf('=')
    if (at === -1) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `Syntax error - can't find = in "${word}". Must be of the form: name=value`,
      )
    }
    return [word.slice(0, at), word.slice(at + 1)] as const
  })
}

function withVariables(env: readonly string[], pairs: readonly (readonly [string, string])[]): string[] {
  const variables = new Map(env.map(entry => [entry.split('=', 1)[0] ?? '', entry]))
  for (const [name, value] of pairs) variables.set(name, `${name}=${value}`)
  return [...variables.values()]
}

const durations: Readonly<Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
}

function healthcheckOf(text: string): NonNullable<ImageConfig['Healthcheck']> {
  const flags: Record<string, number> = {}
  let rest = text
  for (let flag = /^--([a-z-]+)=(\S+)\s*/.exec(rest); flag !== null; flag = /^--([a-z-]+)=(\S+)\s*/.exec(rest)) {
    const [whole, name = '', value = ''] = flag
    if (name === 'retries') flags['Retries'] = Number(value)
    else if (durations[name] !== undefined) flags[durations[name]] = nanoseconds(value)
    else throw new BerthError('INVALID_ARGUMENT', `unknown flag: ${name}`)
    rest = rest.slice(whole.length)
  }
  const [, kind = '', command = ''] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? []
  if (kind.toUpperCase() === 'NONE') return { Test: ['NONE'] }
  if (kind.toUpperCase() !== 'CMD') {
    throw new BerthError('INVALID_ARGUMENT', `Unknown type "${kind}" in HEALTHCHECK (try CMD)`)
  }
  const list = listOf(command)
  return { ...flags, Test: list === undefined ? ['CMD-SHELL', command] : ['CMD', ...list] }
}

const unitNanos: Readonly<Record<string, number>> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 }

/** A Go duration. */
function nanoseconds(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|us|ns|s))+$/.test(text))
    throw new BerthError('INVALID_ARGUMENT', `invalid duration: "${text}"`)
  let total = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)/g))
    total += Number(amount) * (unitNanos[unit] ?? 0)
  return total
}
