import * as z from 'zod/mini'
import { BerthError } from '../errors.ts'

/** Filter name -> accepted values, e.g. `{label: ['com.docker.compose.project=shop']}`. */
export type Filters = Readonly<Record<string, readonly string[]>>

const wireFilters = z.record(z.string(), z.union([z.array(z.string()), z.record(z.string(), z.boolean())]))

/**
 * Reads the `filters` query parameter. Both forms are in use: `{"label":["a=b"]}` (documented) and `{"label":{"a=b":true}}` (what the Go
 * client sends). Throws INVALID_ARGUMENT for anything else.
 */
export function parseFilters(text: string | null | undefined): Filters {
  if (text === null || text === undefined || text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', `invalid filters: expected a JSON object, found ${text}`, { cause })
  }
  const parsed = wireFilters.safeParse(value)
  if (!parsed.success) {
    throw new BerthError('INVALID_ARGUMENT', `invalid filters: expected names with lists of strings, found ${text}`)
  }
  const filters: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(parsed.data)) {
    filters[name] = Array.isArray(values) ? values : Object.keys(values).filter(key => values[key])
  }
  return filters
}
