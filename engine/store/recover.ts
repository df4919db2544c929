import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { decodeLine, isEntry, isHeader } from './line.ts'

/** Version of the records' shapes. Raise it together with an entry in `migrations`. */
export const schemaVersion = 1

/** From version n to n + 1: the new value of a record, or undefined to drop it. */
export type Migration = (collection: string, key: string, value: unknown) => unknown
const migrations: Readonly<Record<number, Migration>> = {}

export interface Recovered {
  readonly collections: Map<string, Map<string, unknown>>
  /** Highest generation seen; the next snapshot takes one more. */
  readonly generation: number
  /** Lines that could not be read: a torn last write (normal after a power cut), or damage. */
  readonly damaged: readonly { readonly file: string; readonly line: number }[]
}

/**
 * Reads the newest whole snapshot and every journal from its generation on. Journal g holds what was written after snapshot g;
 * a snapshot is complete or absent (renamed into place), so what is missing or torn can only be the end of the last journal: never acknowledged.
 * A damaged line elsewhere (a bad disk) costs that record's version only; the rest is applied.
 */
export async function recover(directory: string): Promise<Recovered> {
  const names = await readdir(directory)
  const snapshots = generationsOf(names, 'snapshot')
  const journals = generationsOf(names, 'journal')
  const damaged: { file: string; line: number }[] = []
  const collections = new Map<string, Map<string, unknown>>()
  const base = snapshots.at(-1) ?? 0
  const files = journals.filter(generation => generation >= base).map(generation => `journal-${generation}`)
  if (base > 0) files.unshift(`snapshot-${base}`)
  for (const file of files) {
    applyFile(collections, file, await readFile(join(directory, file), 'utf8'), damaged)
  }
  return { collections, generation: Math.max(base, journals.at(-1) ?? 0), damaged }
}

function generationsOf(names: readonly string[], kind: string): number[] {
  return names
    .map(name => new RegExp(`^${kind}-(\\d+)$`).exec(name)?.[1])
    .filter(text => text !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

function applyFile(
  collections: Map<string, Map<string, unknown>>,
  file: string,
  text: string,
  damaged: { file: string; line: number }[],
): void {
  let version = schemaVersion
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    // A complete file ends with a newline: what follows the last one is empty, or torn.
    if (line === '' && index === lines.length - 1) continue
    const value = decodeLine(line)
    if (isHeader(value)) {
      version = value.schema
      if (version > schemaVersion) {
        throw new BerthError(
          'INTERNAL',
          `the state in ${file} has version ${version}; this berthd knows up to ${schemaVersion}`,
          {
            hint: 'start the newer berthd that wrote it, or move the data root away',
          },
        )
      }
    } else if (isEntry(value)) {
      applyEntry(collections, value.collection, value.key, migrate(version, value.collection, value.key, value.value))
    } else {
      damaged.push({ file, line: index + 1 })
    }
  }
}

function migrate(from: number, collection: string, key: string, value: unknown): unknown {
  let current = value
  for (let version = from; version < schemaVersion && current !== undefined; version++) {
    current = migrations[version]?.(collection, key, current) ?? current
  }
  return current
}

export function applyEntry(
  collections: Map<string, Map<string, unknown>>,
  name: string,
  key: string,
  value: unknown,
): void {
  let collection = collections.get(name)
  if (collection === undefined) {
    collection = new Map()
    collections.set(name, collection)
  }
  if (value === undefined) collection.delete(key)
  else collection.set(key, value)
}
