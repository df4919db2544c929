import type { Filters } from '../../schemas/api/filters.ts'
import { BerthError } from '../../schemas/errors.ts'

/** `--filter name=value`, repeated, as the API takes filters. */
export function parseFilterFlags(values: readonly string[]): Filters {
  const filters: Record<string, string[]> = {}
  for (const value of values) {
    const equals = value.indexOf('=')
    if (equals <= 0) throw new BerthError('USAGE', `invalid filter "${value}"`, { hint: 'expected name=value' })
    const name = value.slice(0, equals).trim().toLowerCase()
    filters[name] = [...(filters[name] ?? []), value.slice(equals + 1).trim()]
  }
  return filters
}
