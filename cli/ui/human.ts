/** Quantities in words, as docker says them (github.com/docker/go-units). */

/** `45 seconds`, `About a minute`, `3 hours`, `2 weeks`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.round(seconds / 3600)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(hours / 24 / 365)} years`
}

/** `0.1s`, `12.3s`, `4m05s`: elapsed time in a progress line. */
export function elapsed(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`
}

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** Powers of 1000 with three significant digits (or `digits`), for sizes on disk: `4.43MB`. */
export function decimalSize(bytes: number, digits = 3): string {
  return scaled(bytes, 1000, decimalUnits, digits)
}

/** Powers of 1024 with four significant digits, for memory: `63.54MiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, binaryUnits, 4)
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes
  let unit = 0
  while (value >= base && unit < units.length - 1) {
    value /= base
    unit += 1
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`
}
