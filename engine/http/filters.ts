import { BerthError } from '../../schemas/errors.ts'

/** `filters` of list and event requests: each name with the values asked for. */
export type Filters = ReadonlyMap<string, readonly string[]>

/**
 * Parses `filters={"label":["a=b"]}`, or the older `{"label":{"a=b":true}}`, whose values say nothing. `accepted` are the names that the
 * resource knows; others are refused with dockerd's text.
 */
export function parseFilters(query: URLSearchParams, accepted?: readonly string[]): Filters {
  const text = query.get('filters')
  const filters = new Map<string, readonly string[]>()
  if (text === null || text === '') return filters
  const parsed = parseObject(text)
  for (const [name, value] of Object.entries(parsed)) {
    if (accepted?.includes(name) === false) throw new BerthError('INVALID_ARGUMENT', `invalid filter '${name}'`)
    filters.set(name, valuesOf(value))
  }
  return filters
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Falls through to the one message.
  }
  throw new BerthError('INVALID_ARGUMENT', 'invalid filter')
}

function valuesOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.keys(value)
  }
  throw new BerthError('INVALID_ARGUMENT', 'invalid filter')
}

/** Every `label` filter must hold: `key` (present) or `key=value`. Same for `label!` with the opposite sense. */
export function matchesLabels(labels: Readonly<Record<string, string>>, filters: Filters): boolean {
  const holds = (wanted: string): boolean => {
    const at = wanted.indexOf('=')
    return at === -1
      ? Object.hasOwn(labels, wanted)
      : Object.hasOwn(labels, wanted.slice(0, at)) && labels[wanted.slice(0, at)] === wanted.slice(at + 1)
  }
  return (filters.get('label') ?? []).every(holds) && !(filters.get('label!') ?? []).some(holds)
}

/** No such filter, or one of its values holds. */
export function matchesAny(filters: Filters, name: string, holds: (value: string) => boolean): boolean {
  const values = filters.get(name)
  return values === undefined || values.length === 0 || values.some(holds)
}

/** A boolean filter (`dangling`, `internal`): undefined when not asked for. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name)
  if (values === undefined || values.length === 0) return undefined
  if (values.length > 1) throw new BerthError('INVALID_ARGUMENT', `got more than one value for filter key "${name}"`)
  const isTrue = values.some(value => ['1', 'true', 'True', 'TRUE'].includes(value))
  const isFalse = values.some(value => ['0', 'false', 'False', 'FALSE'].includes(value))
  if (isTrue === isFalse) throw new BerthError('INVALID_ARGUMENT', `invalid filter '${name}=[${values.join(' ')}]'`)
  return isTrue
}
