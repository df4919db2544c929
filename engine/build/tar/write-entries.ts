import { blockSize, padding } from '../../images/tar/header.ts'
import type { Entry, EntryWithContent } from './entry.ts'

/** The same entries give the same bytes. */
export async function* writeEntries(entries: AsyncIterable<EntryWithContent>): AsyncGenerator<Buffer, void, undefined> {
  for await (const { entry, content } of entries) {
    yield headersOf(entry)
    if (entry.flag !== '0') continue
    yield* content
    const rest = padding(entry.size)
    if (rest.length > 0) yield rest
  }
  yield Buffer.alloc(2 * blockSize)
}

/** The pax header says everything that a plain one may be too short for. */
function headersOf(entry: Entry): Buffer {
  const records: [string, string][] = [
    ['mtime', entry.modified],
    ['path', entry.name],
    ['uid', String(entry.uid)],
    ['gid', String(entry.gid)],
    ...(entry.linkName === '' ? [] : ([['linkpath', entry.linkName]] as [string, string][])),
    ...(entry.flag === '0' ? ([['size', String(entry.size)]] as [string, string][]) : []),
    ...entry.attributes,
  ]
  const pax = Buffer.from(records.map(([key, value]) => record(key, value)).join(''), 'latin1')
  return Buffer.concat([
    header({ name: 'pax', flag: 'x', mode: 0o644, size: pax.length }),
    pax,
    padding(pax.length),
    header({
      name: entry.name.slice(-100),
      flag: entry.flag,
      mode: entry.mode,
      link: entry.linkName.slice(0, 100),
      size: entry.flag === '0' ? entry.size : 0,
      major: entry.deviceMajor,
      minor: entry.deviceMinor,
    }),
  ])
}

/** `<length> key=value\n`, the length counting itself. */
function record(key: string, value: string): string {
  const body = ` ${key}=${value}\n`
  let length = body.length + 1
  while (String(length).length + body.length !== length) length = String(length).length + body.length
  return `${length}${body}`
}

function header(fields: {
  readonly name: string
  readonly flag: string
  readonly mode: number
  readonly size: number
  readonly link?: string
  readonly major?: number
  readonly minor?: number
}): Buffer {
  const block = Buffer.alloc(blockSize)
  block.write(fields.name, 0, 100, 'latin1')
  octal(block, 100, 8, fields.mode)
  octal(block, 108, 8, 0)
  octal(block, 116, 8, 0)
  octal(block, 124, 12, fields.size < 8 ** 11 ? fields.size : 0)
  octal(block, 136, 12, 0)
  block.write(fields.flag, 156, 'latin1')
  // libarchive takes a link's target from here first, and the pax record only replaces it.
  block.write(fields.link ?? '', 157, 100, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  octal(block, 329, 8, fields.major ?? 0)
  octal(block, 337, 8, fields.minor ?? 0)
  let sum = 8 * 0x20
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function octal(block: Buffer, start: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'latin1')
}
