import { formatValue } from './format-value.ts'

const verb = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g

/** Go's fmt.Sprintf for the verbs that templates use: %s %v %q %d %x %t %f %c %%, with width, precision, `-` and `0`. */
export function printf(format: string, values: readonly unknown[]): string {
  let next = 0
  const text = format.replace(verb, (_, flags: string, width?: string, precision?: string, letter?: string) => {
    if (letter === '%') return '%'
    if (next >= values.length) return `%!${letter}(MISSING)`
    const shown = one(letter ?? 'v', values[next++], precision)
    return pad(shown, Number(width ?? 0), flags)
  })
  const extra = values.slice(next).map(value => `${goType(value)}=${formatValue(value)}`)
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`
}

function one(letter: string, value: unknown, precision: string | undefined): string {
  switch (letter) {
    case 's':
    case 'v':
      return precision === undefined ? formatValue(value) : formatValue(value).slice(0, Number(precision))
    case 'q':
      return JSON.stringify(formatValue(value))
    case 'd':
      return String(Math.trunc(Number(value)))
    case 'f':
      return Number(value).toFixed(precision === undefined ? 6 : Number(precision))
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'number' ? Math.trunc(value).toString(16) : Buffer.from(formatValue(value)).toString('hex')
      return letter === 'x' ? hex : hex.toUpperCase()
    }
    case 't':
      return String(value === true)
    case 'c':
      return String.fromCodePoint(Number(value))
    case 'T':
      return goType(value)
    default:
      return `%!${letter}(${formatValue(value)})`
  }
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width)
  return text.padStart(width, flags.includes('0') ? '0' : ' ')
}

function goType(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? '[]interface {}' : typeof value === 'object' ? 'map[string]interface {}' : typeof value
}
