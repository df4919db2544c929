/** A value as Go's `%v` prints it: `[a b]`, `map[a:1 b:2]` by key, `<no value>` for what is not there. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  return inner(value)
}

function inner(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(inner).join(' ')}]`
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, each]) => typeof each !== 'function')
    return `map[${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => `${key}:${inner(each)}`)
      .join(' ')}]`
  }
  return String(value)
}
