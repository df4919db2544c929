import { BerthError } from '../../../schemas/errors.ts'
import { joinPieces, star } from '../../../schemas/glob.ts'

export type Variables = ReadonlyMap<string, string>

/**
 * A word with its variables filled in and its quotes taken off: `$a ${a} ${a:-b} ${a:+b} ${a:?b} ${a#p} ${a%p} ${a/p/r}`, as BuildKit's shell
 * lexer does it. Throws INVALID_ARGUMENT.
 */
export function expandWord(text: string, variables: Variables, escapeMark = '\\'): string {
  const result = new Reader(text, variables, escapeMark).read('')
  if (result.length > maxExpandedLength)
    throw malformed(text.slice(0, 100), `it becomes longer than ${maxExpandedLength} characters`)
  return result
}

/** Far more than a program can be given (128 KiB a variable), and little enough that words which double themselves end soon. */
const maxExpandedLength = 1024 * 1024
/** Of values that patterns are applied to: their time grows with the square of it. */
const maxPatternLength = 8192

class Reader {
  readonly #text: string
  readonly #variables: Variables
  readonly #escape: string
  #at = 0

  constructor(text: string, variables: Variables, escapeMark: string) {
    this.#text = text
    this.#variables = variables
    this.#escape = escapeMark
  }

  /** Up to one of `ends`, which is left for the caller. */
  read(ends: string): string {
    let result = ''
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? ''
      if (ends.includes(character)) return result
      this.#at++
      if (character === "'") result += this.#single()
      else if (character === '"') result += this.#double()
      else if (character === '$') result += this.#dollar()
      else if (character === this.#escape && this.#at < this.#text.length) result += this.#text[this.#at++]
      else result += character
    }
    if (ends !== '') throw malformed(this.#text, `"${ends[0]}" is missing`)
    return result
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at)
    if (end === -1) throw malformed(this.#text, 'a single quote is not closed')
    const inner = this.#text.slice(this.#at, end)
    this.#at = end + 1
    return inner
  }

  #double(): string {
    let result = ''
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at++] ?? ''
      const next = this.#text[this.#at]
      if (character === '"') return result
      if (character === '$') result += this.#dollar()
      else if (character === this.#escape && next !== undefined && `"$${this.#escape}`.includes(next)) {
        result += next
        this.#at++
      } else result += character
    }
    throw malformed(this.#text, 'a double quote is not closed')
  }

  #dollar(): string {
    if (this.#text[this.#at] === '{') {
      this.#at++
      return this.#braces()
    }
    const name = /^(?:[A-Za-z_]\w*|[0-9@*#])/.exec(this.#text.slice(this.#at))?.[0]
    if (name === undefined) return '$'
    this.#at += name.length
    return this.#variables.get(name) ?? ''
  }

  #braces(): string {
    const name = /^[A-Za-z_]\w*/.exec(this.#text.slice(this.#at))?.[0] ?? ''
    if (name === '') throw malformed(this.#text, 'bad substitution')
    this.#at += name.length
    const value = this.#variables.get(name)
    const operator = /^(?::[-+?]|[-+?]|##?|%%?|\/\/?|\})/.exec(this.#text.slice(this.#at))?.[0]
    if (operator === undefined) throw malformed(this.#text, `unsupported modifier in substitution of ${name}`)
    this.#at += operator.length
    if (operator === '}') return value ?? ''
    if (operator.startsWith('/')) return this.#replace(value ?? '', operator === '//')
    const word = this.read('}')
    this.#at++
    const isSet = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined
    switch (operator.at(-1)) {
      case '-':
        return isSet ? (value ?? '') : word
      case '+':
        return isSet ? word : ''
      case '?':
        if (isSet) return value ?? ''
        throw new BerthError('INVALID_ARGUMENT', `${name}: ${word === '' ? 'not set' : word}`)
      default:
        return trimPattern(value ?? '', word, operator)
    }
  }

  #replace(value: string, isGlobal: boolean): string {
    if (value.length > maxPatternLength)
      throw malformed(this.#text.slice(0, 100), 'the value is longer than patterns take')
    const pattern = this.read('/}')
    let replacement = ''
    if (this.#text[this.#at] === '/') {
      this.#at++
      replacement = this.read('}')
    }
    this.#at++
    return value.replace(new RegExp(globSource(pattern), isGlobal ? 'gs' : 's'), () => replacement)
  }
}

function trimPattern(value: string, pattern: string, operator: string): string {
  if (value.length > maxPatternLength) throw malformed(pattern.slice(0, 100), 'the value is longer than patterns take')
  const isGreedy = operator.length === 2
  const lengths = [...Array(value.length + 1).keys()]
  const order = isGreedy ? lengths.reverse() : lengths
  const whole = new RegExp(`^${globSource(pattern)}$`, 's')
  for (const length of order) {
    if (operator.startsWith('#') && whole.test(value.slice(0, length))) return value.slice(length)
    if (operator.startsWith('%') && whole.test(value.slice(value.length - length)))
      return value.slice(0, value.length - length)
  }
  return value
}

function globSource(pattern: string): string {
  const pieces = [...pattern].map(character => {
    if (character === '*') return star
    return character === '?' ? '.' : character.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  return joinPieces(pieces, '.')
}

const malformed = (text: string, why: string): BerthError =>
  new BerthError('INVALID_ARGUMENT', `failed to process ${JSON.stringify(text)}: ${why}`)
