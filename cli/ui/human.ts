/** Quantities in words, as docker says them (github.com/docker/go-units). */

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
