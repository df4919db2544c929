import { substitute } from '../interpolate/template.ts'

/**
 * The grammar of env files, after compose-go's dotenv package (2.9): `K=v`, `export K=v`, `K: v`, comments after a blank and `#`,
 * single quotes verbatim, double quotes with escapes and variables, quotes over several lines, a bare `K` taken from the caller's environment.
 */
export type DotenvResult =
  | { readonly ok: true; readonly variables: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly line: number; readonly message: string; readonly hint?: string }

export interface DotenvScope {
  /** Variables of the caller: used by `${X}` and for a bare `K`. */
  readonly lookup: (name: string) => string | undefined
  readonly onUnset?: (name: string) => void
}

export function parseDotenv(text: string, scope: DotenvScope): DotenvResult {
  const parser = new DotenvParser(text.replaceAll('\r\n', '\n'), scope)
  try {
    return { ok: true, variables: parser.parse() }
  } catch (error) {
    if (error instanceof DotenvSyntaxError) return { ok: false, line: error.line, message: error.message }
    throw error
  }
}

/** `format: raw`: everything after the first `=` is the value, nothing is special but blank lines and lines that start with `#`. */
export function parseRawEnv(text: string, lookup: (name: string) => string | undefined): DotenvResult {
  const variables = new Map<string, string>()
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const trimmed = line.replace(/\r$/, '').replace(/^\s+/, '')
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const equals = trimmed.indexOf('=')
    const name = equals === -1 ? trimmed : trimmed.slice(0, equals)
    if (/\s/.test(name) || name === '') {
      return { ok: false, line: index + 1, message: `the name ${JSON.stringify(name)} holds a blank` }
    }
    const value = equals === -1 ? lookup(name) : trimmed.slice(equals + 1)
    if (value !== undefined) variables.set(name, value)
  }
  return { ok: true, variables }
}

class DotenvSyntaxError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

class DotenvParser {
  readonly #text: string
  readonly #scope: DotenvScope
  readonly #variables = new Map<string, string>()
  #at = 0

  constructor(text: string, scope: DotenvScope) {
    this.#text = text.replace(/^\uFEFF/, '')
    this.#scope = scope
  }

  parse(): ReadonlyMap<string, string> {
    while (this.#skipToStatement()) this.#statement()
    return this.#variables
  }

  /** Over blank lines and comments; false at the end. */
  #skipToStatement(): boolean {
    for (;;) {
      while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
      if (this.#text[this.#at] !== '#') return this.#at < this.#text.length
      this.#at = this.#endOfLine()
    }
  }

  #statement(): void {
    const exported = /^export[^\S\n]+/.exec(this.#text.slice(this.#at, this.#at + 64))
    if (exported !== null) this.#at += exported[0].length
    const lineEnd = this.#endOfLine()
    const separator = /[=:]/.exec(this.#text.slice(this.#at, lineEnd))
    const end = separator === null ? lineEnd : this.#at + separator.index
    const name = this.#text.slice(this.#at, end).trimEnd()
    this.#checkName(name)
    if (separator === null) {
      const inherited = this.#scope.lookup(name)
      if (inherited !== undefined) this.#variables.set(name, inherited)
      this.#at = lineEnd
      return
    }
    this.#at = end + 1
    while (/[^\S\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1
    this.#variables.set(name, this.#value())
  }

  #checkName(name: string): void {
    if (name === '') this.#fail('a name is missing before the value')
    if (/\s/.test(name)) this.#fail(`the name ${JSON.stringify(name)} holds a blank`)
    const wrong = /[^\p{L}\p{N}_.\-[\]]/u.exec(name)
    if (wrong !== null) this.#fail(`unexpected ${JSON.stringify(wrong[0])} in the name ${JSON.stringify(name)}`)
  }

  #value(): string {
    const quote = this.#text[this.#at]
    if (quote === '"' || quote === "'") return this.#quoted(quote)
    const lineEnd = this.#endOfLine()
    const line = this.#text.slice(this.#at, lineEnd)
    this.#at = lineEnd
    // A `#` right after the `=` belongs to the value, as in compose-go.
    const comment = /\s#/.exec(line)
    return this.#expand((comment === null ? line : line.slice(0, comment.index)).trimEnd())
  }

  #quoted(quote: string): string {
    const start = this.#at
    let end = start + 1
    while (this.#text[end] !== quote) {
      if (end >= this.#text.length) {
        const line = this.#text.slice(start, this.#endOfLine())
        this.#fail(`the quote in ${line} is never closed`)
      }
      end += this.#text[end] === '\\' ? 2 : 1
    }
    const inner = this.#text.slice(start + 1, end)
    this.#at = end + 1
    this.#skipRestOfLine()
    return quote === '"' ? this.#expand(unescaped(inner)) : inner.replaceAll("\\'", "'")
  }

  /** After a quoted value only blanks and a comment make sense; whatever else is there belongs to the next statement, as in Compose. */
  #skipRestOfLine(): void {
    const rest = /^[^\S\n]*(?:#[^\n]*)?(?=\n|$)/.exec(this.#text.slice(this.#at, this.#endOfLine()))
    if (rest !== null) this.#at += rest[0].length
  }

  #expand(value: string): string {
    const result = substitute(value, {
      lookup: name => this.#scope.lookup(name) ?? this.#variables.get(name),
      ...(this.#scope.onUnset === undefined ? {} : { onUnset: this.#scope.onUnset }),
    })
    if (result.ok) return result.text
    if (result.reason === 'required')
      this.#fail(`the required variable ${result.variable} is missing: ${result.message}`)
    return this.#fail(`${JSON.stringify(value)} is not a valid use of $; write $$ for a $ that is meant as such`)
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at)
    return end === -1 ? this.#text.length : end
  }

  #fail(message: string): never {
    throw new DotenvSyntaxError(this.#text.slice(0, this.#at).split('\n').length, message)
  }
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (match, character: string) => {
    switch (character) {
      case 'n':
        return '\n'
      case 'r':
        return '\r'
      case 't':
        return '\t'
      case 'a':
        return '\u0007'
      case 'b':
        return '\b'
      case 'f':
        return '\f'
      case 'v':
        return '\v'
      case '$':
        return '$$'
      case '"':
      case '\\':
        return character
      default:
        return match
    }
  })
}
