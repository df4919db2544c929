import { Option } from 'commander'
import type { Filters } from '../../schemas/api/filters.ts'
import { BerthError } from '../../schemas/errors.ts'
import { collect } from './globals.ts'

/** `--filter name=value` as docker's commands take it. */
export function filterOption(flags = '-f, --filter <name=value>'): Option {
  return new Option(flags, 'only what matches, e.g. label=a=b; may be repeated').argParser(collect).default([])
}

/** `--filter name=value`, repeated, as the API takes filters. */
export function readFilters(values: readonly string[]): Filters {
  const filters: Record<string, string[]> = {}
  for (const value of values) {
    const equals = value.indexOf('=')
    if (equals <= 0) throw new BerthError('USAGE', `invalid filter "${value}"`, { hint: 'expected name=value' })
    const name = value.slice(0, equals).trim().toLowerCase()
    filters[name] = [...(filters[name] ?? []), value.slice(equals + 1).trim()]
  }
  return filters
}
