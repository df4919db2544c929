import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Ignore } from '../../../schemas/build-ignore.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { type Entry, type EntryWithContent, fromBytes, makeEntry, toBytes } from '../tar/entry.ts'
import type { Found } from './copy-sources.ts'
import type { ModeChange } from './file-mode.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface CopyRules {
  /** Absolute; what is copied goes into it or becomes it. */
  readonly destination: string
  /** What is copied goes into the destination. */
  readonly isInto: boolean
  readonly keepsParents: boolean
  readonly owner: Owner | undefined
  readonly mode: ModeChange | undefined
  /** Of a destination folder that is made: what is copied is a folder's content, and not the folder. */
  readonly folderMode: number
  readonly excludes: Ignore
}

/** Entries as they will be, their names below the root without a slash in front. */
export async function* placeEntries(
  sources: readonly Found[],
  rules: CopyRules,
): AsyncGenerator<EntryWithContent, void, undefined> {
  for (const source of sources) {
    /** The first entry is the source itself, and tells what it is. */
    let isFolder: boolean | undefined
    let target = ''
    /** Hard links lead to entries of the same source; one to a file that was left out cannot be kept. */
    const names = new Map<string, string>()
    for await (const { entry, ...rest } of source.open()) {
      if (isFolder === undefined) {
        isFolder = entry.flag === '5'
        target = targetOf(source.path, isFolder, rules)
      }
      // Bytes, whatever they encode: two names that are no UTF-8 would become one.
      const bytes = entry.name.replace(/^_\/?/, '').replace(/\/$/, '')
      const inner = fromBytes(bytes)
      // What is named itself is copied, also through wildcards: --exclude is about what is in folders (BuildKit 0.25).
      if (inner !== '' && rules.excludes(inner)) continue
      const name = posix.join(toBytes(target), bytes).slice(1)
      names.set(entry.name, name)
      const linkName = entry.flag === '1' ? names.get(entry.linkName) : entry.linkName
      if (linkName === undefined) {
        throw new BerthError(
          'INVALID_ARGUMENT',
          `${source.path}/${inner} is a hard link to a file that --exclude leaves out`,
        )
      }
      yield { ...rest, entry: changed({ ...entry, name, linkName }, rules) }
    }
  }
}

function changed(entry: Entry, { owner, mode }: CopyRules): Entry {
  return {
    ...entry,
    ...(owner ?? {}),
    ...(mode === undefined || entry.flag === '2' ? {} : { mode: mode(entry.mode, entry.flag === '5') }),
  }
}

/** A folder's content goes where a file itself goes. */
function targetOf(path: string, isFolder: boolean, { destination, isInto, keepsParents }: CopyRules): string {
  if (keepsParents) return posix.join(destination, path)
  return isFolder || !isInto ? destination : posix.join(destination, posix.basename(path))
}

/** A file whose content is at hand (here-documents, downloads). */
export const madeFile = (path: string, content: Buffer, modified = '0', mode = 0o644): Found => ({
  path,
  open: async function* () {
    yield {
      entry: makeEntry({ name: '_', flag: '0', size: content.length, modified, mode }),
      content: (async function* () {
        yield content
      })(),
    }
  },
})

export interface CopyDigest {
  readonly digest: string
  /** Digest of each file by path, as far as they are few: tells what changed. */
  readonly files: Readonly<Record<string, string>>
}

const remembered = 500

/** What a copy would bring, without times: equal digests give equal layers, but for times. */
export async function digestEntries(entries: AsyncIterable<EntryWithContent>): Promise<CopyDigest> {
  const whole = createHash('sha256')
  const files: Record<string, string> = {}
  let count = 0
  for await (const { entry, content, digest: known } of entries) {
    const inside = entry.flag === '0' ? (known ?? (await digestOf(content))) : ''
    const digest = createHash('sha256')
      .update(JSON.stringify([...described(entry), inside]))
      .digest('hex')
    whole.update(digest)
    if (count++ < remembered) files[fromBytes(entry.name)] = digest.slice(0, 16)
  }
  return { digest: whole.digest('hex'), files }
}

async function digestOf(content: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of content) hash.update(piece)
  return hash.digest('hex')
}

/** In an order of its own, whatever the entry was read from. */
const described = (entry: Entry): readonly unknown[] => [
  entry.name,
  entry.flag,
  entry.linkName,
  entry.mode,
  entry.uid,
  entry.gid,
  entry.size,
  entry.deviceMajor,
  entry.deviceMinor,
  // How names are encoded in a tar is nothing of the file's.
  [...entry.attributes].filter(([key]) => key !== 'hdrcharset').sort(),
]
