/** A tar of any kind, well-formed or not, made by hand: what libraries refuse to write is what the tests are about. */
export interface TarItem {
  readonly name: string | Buffer
  /** '0' file, '1' hard link, '2' symlink, '3' character device, '4' block device, '5' folder, '6' pipe, 'x' pax, 'L' long name. */
  readonly flag?: string
  readonly content?: Buffer | string
  readonly link?: string | Buffer
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly major?: number
  readonly minor?: number
  /** What the header says, when it is not the content's length. */
  readonly size?: number | Buffer
  readonly pax?: Readonly<Record<string, string | Buffer>>
  readonly checksum?: number
}

export function tar(...items: readonly TarItem[]): Buffer {
  return Buffer.concat([...items.map(tarItem), Buffer.alloc(1024)])
}

export function tarItem(item: TarItem): Buffer {
  if (item.pax !== undefined) {
    const { pax, ...rest } = item
    const records = Buffer.concat(Object.entries(pax).map(([key, value]) => paxRecord(key, value)))
    return Buffer.concat([tarItem({ name: 'PaxHeaders/x', flag: 'x', content: records }), tarItem(rest)])
  }
  const content = Buffer.from(item.content ?? '')
  const block = Buffer.alloc(512)
  put(block, item.name, 0, 100)
  octal(block, item.mode ?? (item.flag === '5' ? 0o755 : 0o644), 100, 8)
  octal(block, item.uid ?? 0, 108, 8)
  octal(block, item.gid ?? 0, 116, 8)
  if (Buffer.isBuffer(item.size)) item.size.copy(block, 124)
  else octal(block, item.size ?? content.length, 124, 12)
  octal(block, item.mtime ?? 1_700_000_000, 136, 12)
  block.write(item.flag ?? '0', 156, 'latin1')
  put(block, item.link ?? '', 157, 100)
  block.write('ustar\x0000', 257, 'latin1')
  octal(block, item.major ?? 0, 329, 8)
  octal(block, item.minor ?? 0, 337, 8)
  let sum = 8 * 0x20
  for (const byte of block) sum += byte
  octal(block, item.checksum ?? sum, 148, 8)
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

function put(block: Buffer, text: string | Buffer, at: number, length: number): void {
  Buffer.from(text).copy(block, at, 0, length)
}

function octal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length, 'latin1')
}

function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = body.length + 1
  while (String(length).length + body.length !== length) length = String(length).length + body.length
  return Buffer.concat([Buffer.from(String(length)), body])
}
