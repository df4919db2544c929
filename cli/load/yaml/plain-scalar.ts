import type { ScalarValue } from './node.ts'

/** The scalar is a date: go-yaml makes a time of it, which no attribute of a stack file can hold. */
export const TIMESTAMP = Symbol('timestamp')

/**
 * Value of a plain (unquoted) scalar by the rules of go-yaml v3, which Compose reads files with: `yes` and `on` are text, `010` is octal,
 * `0x`, `0b`, `0o` and `_` are understood, `22:22` is text (no base 60). Neither the 1.1 nor the core schema of the yaml package does all of this.
 */
export function plainScalar(text: string): ScalarValue | typeof TIMESTAMP {
  const known = named.get(text)
  if (known !== undefined) return known
  const first = text.charCodeAt(0)
  const isDigit = first >= 48 && first <= 57
  const isSign = first === 43 || first === 45
  if (!isDigit && !isSign && first !== 46) return text
  if (isDigit && timestamp.test(text)) return TIMESTAMP
  const digits = text.replaceAll('_', '')
  if (first !== 46 && integer.test(digits)) return parseInteger(digits)
  if (float.test(digits)) return Number.isFinite(Number(digits)) ? Number(digits) : text
  return text
}

const named: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map(text => [text, null] as const),
  ...['true', 'True', 'TRUE'].map(text => [text, true] as const),
  ...['false', 'False', 'FALSE'].map(text => [text, false] as const),
  // As Go writes them: they can only be meant where text is wanted.
  ...['.nan', '.NaN', '.NAN'].map(text => [text, 'NaN'] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(text => [text, '+Inf'] as const),
  ...['-.inf', '-.Inf', '-.INF'].map(text => [text, '-Inf'] as const),
])

const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:\s*(?:Z|[+-]\d{2}:?\d{0,2}))?)?$/
const integer = /^[-+]?(?:0|[1-9][0-9]*|0[0-7]+|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+)$/
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/

function parseInteger(text: string): number | bigint {
  const isNegative = text.startsWith('-')
  const unsigned = text.replace(/^[-+]/, '')
  const octal = /^0[0-7]+$/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned
  const value = isNegative ? -BigInt(octal) : BigInt(octal)
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}
