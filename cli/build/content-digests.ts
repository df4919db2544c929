import { createHash } from 'node:crypto'
import { type BigIntStats, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Size, times of content and inode in nanoseconds, inode, and the content's SHA-256 in hex. */
type Known = readonly [size: string, modified: string, changed: string, inode: string, digest: string]

/** A file that changes within the clock's grain after it was read looks as if it had not: younger ones are not remembered. */
const settledNs = 1_000_000_000n

/** `$XDG_CACHE_HOME/berth/contexts`, `~/.cache` where that says nothing. */
export const digestsFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'berth', 'contexts')

/** Digests of a folder's files from build to build, as git's index has them: a file is read again when its size, times or inode differ. */
export class ContentDigests {
  readonly #path: string
  readonly #before: Readonly<Record<string, Known>>
  readonly #now: Record<string, Known> = {}
  readonly #settledAt: bigint
  #bytesLeft: number

  /** `now` in milliseconds. No more than `maxBytes` are read. */
  constructor(cacheFolder: string, folder: string, options: { readonly now: number; readonly maxBytes: number }) {
    this.#path = join(cacheFolder, `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.json`)
    this.#before = readKnown(this.#path)
    this.#settledAt = BigInt(Math.floor(options.now)) * 1_000_000n - settledNs
    this.#bytesLeft = options.maxBytes
  }

  /** Undefined when too much would have to be read. */
  digestOf(name: string, path: string, status: BigIntStats): string | undefined {
    const { size, mtimeNs, ctimeNs, ino } = status
    const [knownSize, modified, changed, inode, known] = this.#before[name] ?? []
    const isSame =
      knownSize === String(size) && modified === String(mtimeNs) && changed === String(ctimeNs) && inode === String(ino)
    if (!isSame) this.#bytesLeft -= Number(size)
    if (this.#bytesLeft < 0) return undefined
    const digest = isSame && known !== undefined ? known : createHash('sha256').update(readFileSync(path)).digest('hex')
    if (ctimeNs < this.#settledAt)
      this.#now[name] = [String(size), String(mtimeNs), String(ctimeNs), String(ino), digest]
    return digest
  }

  /** A cache that cannot be written is none. */
  save(): void {
    const text = JSON.stringify(this.#now)
    if (text === JSON.stringify(this.#before)) return
    try {
      mkdirSync(join(this.#path, '..'), { recursive: true, mode: 0o700 })
      writeFileSync(`${this.#path}.${process.pid}`, text, { mode: 0o600 })
      renameSync(`${this.#path}.${process.pid}`, this.#path)
    } catch {
      // The next build reads the files again.
    }
  }
}

function readKnown(path: string): Readonly<Record<string, Known>> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Known>
  } catch {
    return {}
  }
}
