import { templateError } from './template-error.ts'

export type Piece = { readonly text: string } | { readonly action: readonly Token[] }

export interface Token {
  readonly kind: 'word' | 'field' | 'variable' | 'string' | 'number' | 'dot' | 'symbol'
  /** A field without its point, a string's value, a variable with its `$`. */
  readonly text: string
  /** Whether a blank stands before it: `.a .b` is two operands, `.a.b` one. */
  readonly isApart: boolean
}

/** Cuts a template into texts and actions; `{{-` and `-}}` take the blanks beside them away, comments are dropped. */
export function lex(source: string): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trimsNext = false
  while (at < source.length) {
    const open = source.indexOf('{{', at)
    const end = open < 0 ? source.length : open
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(source.slice(open))
    let text = source.slice(at, end)
    if (trimsNext) text = text.trimStart()
    if (trimsBefore) text = text.trimEnd()
    if (text !== '') pieces.push({ text })
    if (open < 0) break
    const body = open + (trimsBefore ? 3 : 2)
    const { close, comment } = findClose(source, body)
    const inside = source.slice(body, close)
    trimsNext = /\s-$/.test(inside)
    if (!comment) pieces.push({ action: tokens(trimsNext ? inside.slice(0, -1) : inside) })
    at = close + 2
  }
  return pieces
}

/** The end of an action that begins at `from`: `}}` outside of quotes. */
function findClose(source: string, from: number): { readonly close: number; readonly comment: boolean } {
  if (/^\s*\/\*/.test(source.slice(from))) {
    const close = source.indexOf('}}', source.indexOf('*/', from))
    if (close >= 0) return { close, comment: true }
    throw templateError('unclosed comment')
  }
  const part = /"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'|\}\}|[\s\S]/g
  part.lastIndex = from
  for (let match = part.exec(source); match; match = part.exec(source))
    if (match[0] === '}}') return { close: match.index, comment: false }
  throw templateError('unclosed action: "{{" without "}}"')
}

const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)'/y],
  ['number', /[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /:=|[|(),=]/y],
  ['dot', /\./y],
]

function tokens(text: string): readonly Token[] {
  const found: Token[] = []
  let at = 0
  while (at < text.length) {
    const blank = /^\s+/.exec(text.slice(at))
    if (blank) {
      at += blank[0].length
      continue
    }
    const token = tokenAt(text, at)
    found.push({ ...token, isApart: at === 0 || /\s/.test(text[at - 1] ?? '') })
    at += token.length
  }
  return found
}

function tokenAt(text: string, at: number): Pick<Token, 'kind' | 'text'> & { readonly length: number } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const [match] = pattern.exec(text) ?? []
    if (match !== undefined) return { kind, text: literalOf(kind, match), length: match.length }
  }
  throw templateError(`unexpected ${JSON.stringify(text[at])} in action`)
}

function literalOf(kind: Token['kind'], text: string): string {
  if (kind === 'field') return text.slice(1)
  if (kind !== 'string') return text
  if (text.startsWith('`')) return text.slice(1, -1)
  const inner = text.slice(1, -1)
  if (text.startsWith("'")) return String(unescapeGo(inner).codePointAt(0) ?? 0)
  return unescapeGo(inner)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' }

/** `\n`, `\t`, `\"`, `\x41`, `\u0041` as in Go's string literals. */
function unescapeGo(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g, (_, x?: string, u?: string, c?: string) => {
    const hex = x ?? u
    return hex === undefined ? (escapes[c ?? ''] ?? c ?? '') : String.fromCharCode(Number.parseInt(hex, 16))
  })
}
