import { dockerfileError, type Position } from './dockerfile-error.ts'

export interface ReadFlags {
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly rest: string
}

/** `--name=value` and `--name` in front of an instruction's arguments; `allowed` says whether each takes a value. */
export function readFlags(
  text: string,
  instruction: string,
  position: Position,
  allowed: Readonly<Record<string, 'value' | 'flag' | 'values'>>,
): ReadFlags {
  const flags = new Map<string, string[]>()
  let rest = text
  for (;;) {
    const [whole, word = ''] = /^(--(?:"[^"]*"|'[^']*'|\S)*)\s*/.exec(rest) ?? []
    if (whole === undefined) return { flags, rest }
    rest = rest.slice(whole.length)
    if (word === '--') return { flags, rest }
    const equals = word.indexOf('=')
    const name = word.slice(2, equals === -1 ? undefined : equals)
    const kind = allowed[name]
    if (kind === undefined) {
      const known = Object.keys(allowed).map(key => `--${key}`)
      const hint = known.length === 0 ? 'it takes none' : `expected one of ${known.join(', ')}`
      throw dockerfileError(position, instruction, `unknown flag --${name}: ${hint}`)
    }
    if (equals === -1 && kind !== 'flag')
      throw dockerfileError(position, instruction, `missing a value on flag --${name}`)
    const value = equals === -1 ? 'true' : word.slice(equals + 1)
    if (kind === 'flag' && !['true', 'false', '1', '0'].includes(value))
      throw dockerfileError(position, instruction, `--${name}: expected true or false, found ${JSON.stringify(value)}`)
    const values = flags.get(name) ?? []
    if (values.length > 0 && kind !== 'values') throw dockerfileError(position, instruction, `duplicate flag --${name}`)
    flags.set(name, [...values, value])
  }
}

export const flagOf = ({ flags }: ReadFlags, name: string): string | undefined => flags.get(name)?.[0]
export const isOn = (read: ReadFlags, name: string): boolean => ['true', '1'].includes(flagOf(read, name) ?? '')
