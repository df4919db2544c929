import { formatValue } from './format-value.ts'
import { printf } from './printf.ts'
import { templateError } from './template-error.ts'

export type TemplateFunction = (...values: readonly unknown[]) => unknown

/** Go's rule: false, 0, nil, and empty texts, lists and maps are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

/** Functions by name: those of text/template, then docker's (templates/templates.go). `and` and `or` are the evaluator's: they stop early. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  eq: (first, ...others) => others.some(other => isEqual(first, other)),
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  not: value => !isTrue(value),
  len: value => lengthOf(value),
  index: (of, ...keys) => keys.reduce<unknown>(item, of),
  slice: (of, from = 0, to = undefined) =>
    (Array.isArray(of) ? of : text(of)).slice(Number(from), to === undefined ? undefined : Number(to)),
  print: (...values) => spaced(values),
  println: (...values) => `${values.map(formatValue).join(' ')}\n`,
  printf: (format, ...values) => printf(text(format), values),
  html: value =>
    text(value).replace(/[&<>"']/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;' })[c] ?? '&#39;'),
  urlquery: value => encodeURIComponent(text(value)).replaceAll('%20', '+'),

  json: value => JSON.stringify(value ?? null),
  join: (list, separator) => (Array.isArray(list) ? list.map(formatValue).join(text(separator)) : formatValue(list)),
  split: (value, separator) => text(value).split(text(separator)),
  lower: value => text(value).toLowerCase(),
  upper: value => text(value).toUpperCase(),
  title: value =>
    text(value).replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()),
  pad: (value, before, after) =>
    text(value) === '' ? '' : `${' '.repeat(Number(before))}${text(value)}${' '.repeat(Number(after))}`,
  truncate: (value, length) => (length === 0 ? text(value) : [...text(value)].slice(0, Number(length)).join('')),
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : formatValue(value)
}

/** Go compares basic kinds only; anything else is a mistake of the template. */
function isEqual(a: unknown, b: unknown): boolean {
  if (isComposite(a) || isComposite(b)) throw templateError('eq and ne compare texts, numbers and true/false only')
  return (a ?? undefined) === (b ?? undefined)
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b || isComposite(a))
    throw templateError(`cannot compare ${formatValue(a)} with ${formatValue(b)}`)
  return (a as string) < (b as string) ? -1 : a === b ? 0 : 1
}

function isComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  if (value === null || value === undefined) return 0
  throw templateError(`len of ${formatValue(value)}`)
}

function item(of: unknown, key: unknown): unknown {
  if (Array.isArray(of) || typeof of === 'string') {
    const at = Number(key)
    if (!(at >= 0 && at < of.length)) throw templateError(`index out of range: ${formatValue(key)}`)
    return of[at]
  }
  if (typeof of === 'object' && of !== null) {
    const name = String(key)
    // A missing key of a map of texts gives the empty text in Go.
    return Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : ''
  }
  if (of === null || of === undefined) return ''
  throw templateError(`cannot index ${formatValue(of)}`)
}

/** fmt.Sprint: blanks only between operands that are both no texts. */
function spaced(values: readonly unknown[]): string {
  return values
    .map((value, at) => {
      const needsBlank = at > 0 && typeof value !== 'string' && typeof values[at - 1] !== 'string'
      return `${needsBlank ? ' ' : ''}${formatValue(value)}`
    })
    .join('')
}
