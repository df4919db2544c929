import { Option } from 'commander'
import type { Filters } from '../../schemas/api/filters.ts'
import { BerthError } from '../../schemas/errors.ts'
import { collect } from './globals.ts'

/** `--filter name=value` as docker's commands take it. */
export function filterOption(flags = '-f, --filter <name=value>'): Option {
  return new Option(flags, 'only what matches, e.g. label=a=b; may be repeated').argParser(collect).default([])
}

/** `label=a=b` -> `{label: ['a=b']}`: names before the first `=`; values of one name are alternatives for the engine. */
export function readFilters(texts: readonly string[]): Filters {
  const filters: Record<string, string[]> = {}
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at <= 0)
      throw new BerthError('USAGE', `cannot read the filter "${text}"`, {
        hint: 'expected name=value, e.g. status=exited or label=tier=web',
      })
    const name = text.slice(0, at)
    filters[name] = [...(filters[name] ?? []), text.slice(at + 1)]
  }
  return filters
}
