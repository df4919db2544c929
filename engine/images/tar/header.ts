import { BerthError } from '../../../schemas/errors.ts'

export const blockSize = 512

export type TarType = 'file' | 'directory' | 'link' | 'symlink' | 'other'

export interface TarEntry {
  readonly name: string
  readonly type: TarType
  /** Bytes of content that follow the header. */
  readonly size: number
  readonly linkName: string
  readonly attributes: TarAttributes
}

export interface TarAttributes {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Whole seconds since 1970. */
  readonly mtime: number
}

/** One 512-byte header as it stands, before what the headers in front of it say is applied. */
export interface RawHeader {
  readonly name: string
  readonly size: number
  /** The type letter; '\0' and '0' are files. */
  readonly flag: string
  readonly linkName: string
  readonly attributes: TarAttributes
}

/** Parses one header block; undefined for a block of zeros (the end of the archive). Throws INVALID_ARGUMENT for a damaged one. */
export function parseHeader(block: Buffer): RawHeader | undefined {
  const stored = readNumber(block, 148, 8)
  const { sum, isZero } = checksum(block)
  if (isZero) return undefined
  if (stored !== sum) throw malformed('a header’s checksum is wrong')
  const size = readNumber(block, 124, 12)
  if (!Number.isSafeInteger(size) || size < 0) throw malformed('an entry’s size is not a number')
  const name = readText(block, 0, 100)
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? readText(block, 345, 155) : ''
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    flag: String.fromCharCode(block[156] ?? 0),
    linkName: readText(block, 157, 100),
    attributes: {
      mode: readNumber(block, 100, 8) & 0o7777,
      uid: readNumber(block, 108, 8),
      gid: readNumber(block, 116, 8),
      mtime: readNumber(block, 136, 12),
    },
  }
}

/** Records of a pax extended header (`x`): `<length> <key>=<value>\n`. */
export function parsePax(data: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(data.toString('latin1', at, space))
    const isWhole =
      Number.isSafeInteger(length) && length > 0 && at + length <= data.length && data[at + length - 1] === 0x0a
    const equals = data.indexOf(0x3d, space)
    if (!isWhole || equals < 0 || equals >= at + length) throw malformed('a pax header is damaged')
    records.set(data.toString('utf8', space + 1, equals), data.toString('utf8', equals + 1, at + length - 1))
    at += length
  }
  return records
}

export function typeOf(flag: string): TarType {
  switch (flag) {
    case '\0':
    case '0':
    case '7':
      return 'file'
    case '1':
      return 'link'
    case '2':
      return 'symlink'
    case '5':
      return 'directory'
    default:
      return 'other'
  }
}

export function malformed(what: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `malformed tar archive: ${what}`)
}

/** A header for a plain file, for archives that we write: names are short, owners root, times zero, so that equal content gives equal bytes. */
export function formatHeader(name: string, size: number, type: 'file' | 'directory' = 'file'): Buffer {
  const block = Buffer.alloc(blockSize)
  if (Buffer.byteLength(name) > 100) throw new Error(`the name is too long for a tar header: ${name}`)
  block.write(name, 0, 100, 'utf8')
  block.write(type === 'file' ? '0000644\0' : '0000755\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  writeSize(block, size)
  block.write('00000000000\0', 136, 'latin1')
  block.write(type === 'file' ? '0' : '5', 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const { sum } = checksum(block)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Zeros that fill the last block of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize)
}

/** Eleven octal digits, or GNU's base-256 form from 8 GiB on. */
function writeSize(block: Buffer, size: number): void {
  if (size < 8 ** 11) {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
    return
  }
  block[124] = 0x80
  block.writeBigUInt64BE(BigInt(size), 128)
}

function readText(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start)
  return block.toString('utf8', start, end < 0 || end > start + length ? start + length : end)
}

/** Octal text, or base-256 when the first bit is set; NaN for anything else. */
function readNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f
    for (let i = start + 1; i < start + length; i++) value = value * 256 + (block[i] ?? 0)
    return value
  }
  const text = block
    .toString('latin1', start, start + length)
    .replace(/\0.*$/s, '')
    .trim()
  return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

/** Sum of all bytes with the checksum's own field read as spaces. */
function checksum(block: Buffer): { sum: number; isZero: boolean } {
  let sum = 0
  for (const byte of block) sum += byte
  const isZero = sum === 0
  for (let i = 148; i < 156; i++) sum += 0x20 - (block[i] ?? 0)
  return { sum, isZero }
}
