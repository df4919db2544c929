import { BerthError } from '../../schemas/errors.ts'
import type { LogOptions } from '../containers/logs.ts'
import { queryFlag } from '../http/context.ts'

/** `stdout stderr follow timestamps details tail since until` of the logs calls; dockerd's texts. */
export function parseLogOptions(query: URLSearchParams): LogOptions {
  const stdout = queryFlag(query, 'stdout')
  const stderr = queryFlag(query, 'stderr')
  if (!stdout && !stderr)
    throw new BerthError('INVALID_ARGUMENT', 'Bad parameters: you must choose at least one stream')
  const sinceNs = parseTime(query.get('since'))
  const untilNs = parseTime(query.get('until'))
  const tail = parseTail(query.get('tail'))
  return {
    stdout,
    stderr,
    follow: queryFlag(query, 'follow'),
    timestamps: queryFlag(query, 'timestamps'),
    details: queryFlag(query, 'details'),
    ...(sinceNs === undefined ? {} : { sinceNs }),
    ...(untilNs === undefined ? {} : { untilNs }),
    ...(tail === undefined ? {} : { tail }),
  }
}

/** `1700000000.123456789`: Unix seconds with up to nine digits of fraction. Zero and empty mean "not given". */
function parseTime(text: string | null): bigint | undefined {
  if (text === null || text === '' || text === '0') return undefined
  const match = /^(\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text)
  if (match === null)
    throw new BerthError('INVALID_ARGUMENT', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return BigInt(match[1] ?? '0') * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

function parseTail(text: string | null): number | undefined {
  if (text === null || !/^\d{1,9}$/.test(text)) return undefined
  return Number(text)
}
