/** Durations of a stack file: Go's (`1h30m`, `1.5s`, `100ms`) and days and weeks. Kept in nanoseconds, as the Engine API has them. */
export type DurationResult =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly message: string; readonly hint: string }

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
}

const part = /([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/y
const hint = 'write a number with a unit: 500ms, 90s, 1m30s, 2h, 1d'

export function parseDuration(text: string): DurationResult {
  const isNegative = text.startsWith('-')
  const unsigned = text.replace(/^[-+]/, '')
  if (unsigned === '0') return { ok: true, ns: 0n }
  if (unsigned === '') return { ok: false, message: 'a duration is empty', hint }
  let total = 0n
  part.lastIndex = 0
  while (part.lastIndex < unsigned.length) {
    const [, whole = '', fraction = '', unit = ''] = part.exec(unsigned) ?? []
    if (whole === '' && fraction === '')
      return { ok: false, message: `${JSON.stringify(text)} is not a duration`, hint }
    if (unit === '') return { ok: false, message: `the duration ${JSON.stringify(text)} has no unit`, hint }
    const scale = Object.hasOwn(units, unit) ? units[unit] : undefined
    if (scale === undefined) {
      return { ok: false, message: `${JSON.stringify(unit)} in ${JSON.stringify(text)} is not a unit of time`, hint }
    }
    total += BigInt(whole || '0') * scale
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return { ok: true, ns: isNegative ? -total : total }
}

/** As Go prints it: `1m30s`, `170h0m0s`, `1.5s`, `100ms`, `0s`. */
export function formatDuration(ns: bigint): string {
  if (ns < 0n) return `-${formatDuration(-ns)}`
  if (ns === 0n) return '0s'
  if (ns < 1_000n) return `${ns}ns`
  if (ns < 1_000_000n) return `${decimal(ns, 3)}µs`
  if (ns < 1_000_000_000n) return `${decimal(ns, 6)}ms`
  const minutes = ns / 60_000_000_000n
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return seconds
  const hours = minutes / 60n
  return hours === 0n ? `${minutes}m${seconds}` : `${hours}h${minutes % 60n}m${seconds}`
}

/** Milliseconds, with a fraction where there is one; for text that is known to be valid. */
export function durationMs(text: string): number {
  const result = parseDuration(text)
  return result.ok ? Number(result.ns) / 1e6 : 0
}

function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits)
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  return fraction === '' ? String(value / scale) : `${value / scale}.${fraction}`
}
