import { posix } from 'node:path'
import type { ContextListing, ListedFile } from '../../schemas/api/context-listing.ts'
import { parseIgnore } from '../../schemas/build-ignore.ts'
import { globToRegExp } from '../../schemas/glob.ts'
import type { Found } from './steps/copy-sources.ts'
import { type Entry, type EntryWithContent, makeEntry, toBytes } from './tar/entry.ts'

/** A build that has only a listing of its context cannot be made from that: the context itself must be sent. */
export class ContextNeeded extends Error {
  constructor() {
    super('the build needs its context')
  }
}

/** A context that is known by names and digests only: what copies of it bring is known, and nothing can be copied. */
export class ListedContext {
  readonly dockerfile: string
  readonly #files: readonly ListedFile[]

  /** `dockerfile`: what it is called in the context. */
  constructor(listing: ContextListing, dockerfile: string) {
    this.dockerfile = decoded(listing.dockerfile)
    // As where the files themselves are there: see drop-ignored.ts.
    const ignores = parseIgnore(decoded(listing.ignore ?? ''))
    const dropped = [posix.resolve('/', dockerfile).slice(1), '.dockerignore'].filter(ignores)
    this.#files = listing.files.filter(({ path }) => !dropped.includes(path))
  }

  /** What `source` names; see findSources. Throws ContextNeeded where that takes more than names. */
  find(source: string): readonly Found[] {
    const path = posix.resolve('/', source).slice(1)
    const paths = /[*?[]/.test(path) ? this.#matching(path) : [path]
    if (paths.length === 0) throw new ContextNeeded()
    return paths.map(found => {
      const files = this.#below(found)
      return { path: `/${found}`, open: () => entriesOf(found, files) }
    })
  }

  #matching(pattern: string): string[] {
    const fits = globToRegExp(pattern)
    const found = this.#files.flatMap(({ path }) => (fits.test(path) ? [path] : []))
    return found.filter(path => !found.some(other => path.startsWith(`${other}/`)))
  }

  /** The file or folder itself in front. What is reached through a link, or is not there, is for those to say who see the files. */
  #below(path: string): readonly ListedFile[] {
    const at = this.#files.findIndex(file => file.path === path)
    const first = this.#files[at]
    if (first === undefined || first.kind === 'link') throw new ContextNeeded()
    if (path === '') return this.#files
    const rest = this.#files.slice(at + 1)
    const end = rest.findIndex(file => !file.path.startsWith(`${path}/`))
    return [first, ...(end === -1 ? rest : rest.slice(0, end))]
  }
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

async function* nothing(): AsyncGenerator<Buffer, void, undefined> {}

async function* entriesOf(
  path: string,
  files: readonly ListedFile[],
): AsyncGenerator<EntryWithContent, void, undefined> {
  for (const file of files) {
    const inner = path === '' ? file.path : file.path.slice(path.length + 1)
    const entry = entryOf(file, inner === '' ? '_' : `_/${toBytes(inner)}`)
    yield { entry, content: nothing(), ...(file.kind === 'file' ? { digest: file.digest } : {}) }
  }
}

function entryOf(file: ListedFile, name: string): Entry {
  switch (file.kind) {
    case 'folder':
      return makeEntry({ name, flag: '5', mode: file.mode })
    case 'link':
      return makeEntry({ name, flag: '2', mode: 0o777, linkName: toBytes(file.target) })
    case 'file':
      return makeEntry({ name, flag: '0', mode: file.mode, size: file.size })
  }
}
