import { blockSize, malformed, parseHeader } from '../../images/tar/header.ts'
import { type ByteSource, streamSource } from '../../images/tar/source.ts'
import type { Entry, EntryWithContent } from './entry.ts'

const maxExtensionBytes = 16 * 1024 * 1024

/** Members in order. Throws INVALID_ARGUMENT for a malformed archive. */
export async function* readEntries(stream: AsyncIterable<Buffer>): AsyncGenerator<EntryWithContent, void, undefined> {
  const source = streamSource(stream)
  let records = new Map<string, string>()
  for (;;) {
    const block = await source.read(blockSize)
    const header = block === undefined ? undefined : parseHeader(block)
    if (block === undefined || header === undefined) {
      // What fills the last block goes too: whoever sends waits until it is taken.
      while ((await source.read(blockSize)) !== undefined);
      return
    }
    if ('xgLK'.includes(header.flag)) {
      if (header.size > maxExtensionBytes) throw malformed('an extended header is too long')
      const data = await source.read(Math.ceil(header.size / blockSize) * blockSize)
      const content = (data ?? Buffer.alloc(0)).subarray(0, header.size)
      if (header.flag === 'L') records.set('path', content.toString('latin1').replace(/\0.*$/s, ''))
      if (header.flag === 'K') records.set('linkpath', content.toString('latin1').replace(/\0.*$/s, ''))
      if (header.flag === 'x') records = new Map([...records, ...paxRecords(content)])
      continue
    }
    const entry = toEntry(block, records)
    records = new Map()
    const hasContent = !'123456'.includes(entry.flag)
    const end = source.position + (hasContent ? Math.ceil(entry.size / blockSize) * blockSize : 0)
    yield {
      entry: hasContent ? entry : { ...entry, size: 0 },
      content: readContent(source, hasContent ? entry.size : 0),
    }
    await source.skip(end - source.position)
  }
}

async function* readContent(source: ByteSource, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let left = size; left > 0; ) {
    const piece = await source.readSome(Math.min(left, 256 * 1024))
    left -= piece.length
    yield piece
  }
}

function paxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(data.toString('latin1', at, space))
    const equals = data.indexOf(0x3d, space)
    if (
      !Number.isSafeInteger(length) ||
      length <= 0 ||
      at + length > data.length ||
      equals < 0 ||
      equals >= at + length
    )
      throw malformed('a pax header is damaged')
    records.set(data.toString('latin1', space + 1, equals), data.toString('latin1', equals + 1, at + length - 1))
    at += length
  }
  return records
}

const ownRecords = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'mtime', 'atime', 'ctime', 'uname', 'gname'])

function toEntry(block: Buffer, records: ReadonlyMap<string, string>): Entry {
  const flag = String.fromCharCode(block[156] ?? 0)
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? text(block, 345, 155) : ''
  const name = text(block, 0, 100)
  const number = (key: string, start: number, length: number): number => {
    const value = Number(records.get(key) ?? octal(block, start, length))
    if (!Number.isSafeInteger(value) || value < 0) throw malformed(`an entry’s ${key} is not a number`)
    return value
  }
  return {
    name: records.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`),
    linkName: records.get('linkpath') ?? text(block, 157, 100),
    flag: flag === '\0' || flag === '7' ? '0' : flag,
    mode: number('mode', 100, 8) & 0o7777,
    uid: number('uid', 108, 8),
    gid: number('gid', 116, 8),
    modified: records.get('mtime') ?? String(octal(block, 136, 12)),
    size: number('size', 124, 12),
    deviceMajor: octal(block, 329, 8) || 0,
    deviceMinor: octal(block, 337, 8) || 0,
    attributes: new Map([...records].filter(([key]) => !ownRecords.has(key))),
  }
}

function text(block: Buffer, start: number, length: number): string {
  return block.toString('latin1', start, start + length).replace(/\0.*$/s, '')
}

/** Octal text, or base-256. */
function octal(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0
  if ((first & 0x80) === 0) return Number.parseInt(text(block, start, length).trim() || '0', 8)
  let value = first & 0x7f
  for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] ?? 0)
  return value
}
