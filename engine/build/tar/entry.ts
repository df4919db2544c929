/** One member of a tar. Names and attributes are byte strings (latin1), so that they survive whatever they encode. */
export interface Entry {
  readonly name: string
  readonly linkName: string
  /** '0' file, '1' hard link, '2' symbolic link, '3' and '4' devices, '5' folder, '6' FIFO. */
  readonly flag: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970, with a fraction. */
  readonly modified: string
  readonly size: number
  readonly deviceMajor: number
  readonly deviceMinor: number
  /** Further pax records: extended attributes. */
  readonly attributes: ReadonlyMap<string, string>
}

export interface EntryWithContent {
  readonly entry: Entry
  /** Read it before the next entry is asked for; what is not read is skipped. */
  readonly content: AsyncIterable<Buffer>
  /** SHA-256 of the content in hex, where it is known without reading. */
  readonly digest?: string
}

export const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
export const fromBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')

/** A file or folder of root's own making. */
export function makeEntry(entry: Pick<Entry, 'name' | 'flag'> & Partial<Entry>): Entry {
  return {
    linkName: '',
    mode: entry.flag === '5' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    modified: '0',
    size: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    attributes: new Map(),
    ...entry,
  }
}
