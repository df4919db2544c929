import { crc32 } from 'node:zlib'

/** One stored fact: `value` is the record's new content, absent when the record was deleted. */
export interface Entry {
  readonly collection: string
  readonly key: string
  readonly value?: unknown
}

/** First line of every file of the store. */
export interface Header {
  readonly format: 'berth-store'
  readonly schema: number
}

/** `crc32 of the JSON, 8 hex digits` + space + JSON + newline. JSON never holds a raw newline, so a line is a record. */
export function encodeLine(value: Entry | Header): string {
  const json = JSON.stringify(value)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

/** The value of a line (without its newline), or undefined when it is torn or damaged. */
export function decodeLine(line: string): unknown {
  if (line.length < 11 || line[8] !== ' ') return undefined
  const json = line.slice(9)
  if (crc32(json).toString(16).padStart(8, '0') !== line.slice(0, 8)) return undefined
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

export function isHeader(value: unknown): value is Header {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 'berth-store'
}

export function isEntry(value: unknown): value is Entry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'collection' in value &&
    typeof value.collection === 'string' &&
    'key' in value &&
    typeof value.key === 'string'
  )
}
