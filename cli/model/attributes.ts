/**
 * Reading of the canonical tree. The loader has validated it and brought it into its one form, so these functions only say which type a
 * value has; something else than expected reads as absent.
 */
export type Attributes = Readonly<Record<string, unknown>>

const none: Attributes = Object.freeze(Object.create(null))

export function attributes(value: unknown): Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Attributes) : none
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function number(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function texts(value: unknown): readonly string[] {
  return list(value).map(String)
}

/** A map of texts with sorted keys and no prototype. */
export function textMap(value: unknown): Readonly<Record<string, string>> {
  return mapValues(value, String)
}

export function mapValues<T>(value: unknown, change: (value: unknown, key: string) => T): Readonly<Record<string, T>> {
  const result: Record<string, T> = Object.create(null)
  for (const [key, each] of Object.entries(attributes(value)).sort(byKey)) result[key] = change(each, key)
  return result
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : Number(one > other)
}
