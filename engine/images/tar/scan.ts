import { blockSize, malformed, parseHeader, parsePax, type TarEntry, typeOf } from './header.ts'
import type { ByteSource } from './source.ts'

/** Longest long-name or pax header that is believed. */
const maxExtensionBytes = 1024 * 1024

export interface ScannedEntry extends TarEntry {
  /** Where its content begins. */
  readonly offset: number
  /** The content in pieces; what is not read is skipped when the next entry is asked for. Read it before that. */
  content(): AsyncGenerator<Buffer, void, undefined>
}

/** The entries of a tar in order: ustar, pax and GNU long names. Sparse files are refused (no image archive has them on this level). */
export async function* scanTar(source: ByteSource): AsyncGenerator<ScannedEntry, void, undefined> {
  let overrides: Overrides = {}
  for (;;) {
    const block = await source.read(blockSize)
    const header = block === undefined ? undefined : parseHeader(block)
    if (header === undefined) return
    const padded = Math.ceil(header.size / blockSize) * blockSize
    if (isExtension(header.flag)) {
      if (header.size > maxExtensionBytes) throw malformed('an extended header is longer than 1 MiB')
      const data = await source.read(padded)
      if (data === undefined && padded > 0) throw malformed('it ends in an extended header')
      const content = (data ?? Buffer.alloc(0)).subarray(0, header.size)
      overrides = { ...overrides, ...readExtension(header.flag, content) }
      continue
    }
    const { name, flag, size, linkName, attributes } = header
    const entry = applyOverrides({ name, type: typeOf(flag), size, linkName, attributes }, overrides)
    overrides = {}
    const end = source.position + (hasContent(entry) ? Math.ceil(entry.size / blockSize) * blockSize : 0)
    yield { ...entry, offset: source.position, content: () => readContent(source, entry.size) }
    await source.skip(end - source.position)
  }
}

interface Overrides {
  readonly name?: string
  readonly linkName?: string
  readonly size?: number
}

function isExtension(flag: string): boolean {
  return flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K'
}

/** Links and folders have no content whatever their size says; some writers put the target's size there. */
function hasContent(entry: TarEntry): boolean {
  return entry.type === 'file' || entry.type === 'other'
}

function readExtension(flag: string, content: Buffer): Overrides {
  if (flag === 'g') return {}
  if (flag === 'L') return { name: content.toString('utf8').replace(/\0.*$/s, '') }
  if (flag === 'K') return { linkName: content.toString('utf8').replace(/\0.*$/s, '') }
  const records = parsePax(content)
  if ([...records.keys()].some(key => key.startsWith('GNU.sparse.'))) throw malformed('it has sparse files')
  const name = records.get('path')
  const linkName = records.get('linkpath')
  const size = records.get('size')
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw malformed('an entry’s size is not a number')
  return {
    ...(name === undefined ? {} : { name }),
    ...(linkName === undefined ? {} : { linkName }),
    ...(size === undefined ? {} : { size: Number(size) }),
  }
}

function applyOverrides(entry: TarEntry, overrides: Overrides): TarEntry {
  return { ...entry, ...overrides }
}

async function* readContent(source: ByteSource, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let left = size; left > 0; ) {
    const piece = await source.readSome(Math.min(left, 256 * 1024))
    left -= piece.length
    yield piece
  }
}
