import { BerthError } from '../../schemas/errors.ts'

const duration = /^(?:(\d+(?:\.\d+)?)(h|m|s|ms))+$/
const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/**
 * What `--since` and `--until` take, as docker does: a duration before now (`10m`, `1h30m`), seconds since 1970, or a date (RFC 3339, local time
 * where it names no zone). Returns seconds since 1970 with a fraction, as the Engine API wants it.
 */
export function parseTimestamp(text: string, nowMs: number): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text
  if (duration.test(text)) {
    let ms = 0
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
      ms += Number(amount) * (unitMs[unit ?? ''] ?? 0)
    return ((nowMs - ms) / 1000).toFixed(3)
  }
  const time = Date.parse(text.length === 10 ? `${text}T00:00:00` : text)
  if (!Number.isNaN(time)) return (time / 1000).toFixed(3)
  throw new BerthError('USAGE', `cannot read the time "${text}"`, {
    hint: 'expected a duration such as 10m or 1h30m, a date such as 2026-01-31T12:00:00Z, or seconds since 1970',
  })
}
