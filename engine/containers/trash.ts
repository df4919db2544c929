import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Logger } from '../log.ts'
import type { Clock } from './clock.ts'

export interface TrashOptions {
  /** Where the trees lie that will be discarded, e.g. the data root and the run directory: each gets a `trash` folder of its own. */
  readonly roots: readonly string[]
  /** Removes a tree out of the way of the daemon's own thread. */
  readonly remove: (target: string) => Promise<unknown>
  readonly clock: Clock
  readonly log: Logger
}

interface Bin {
  readonly root: string
  generation: number
  count: number
  isMade: boolean
}

/** Trees that are discarded close together are removed by one worker. */
const gatherMs = 50

/**
 * Takes folders away at once, by a rename, and removes them later, many in one go: a container's layers hold anything from nothing to
 * millions of files. What a daemon leaves behind when it dies is removed by the next one.
 */
export class Trash {
  readonly #options: TrashOptions
  readonly #bins: readonly Bin[]
  #isSweepDue = false

  constructor(options: TrashOptions) {
    this.#options = options
    this.#bins = options.roots.map(root => ({ root, generation: 0, count: 0, isMade: false }))
    for (const bin of this.#bins) this.#sweepLeftovers(bin)
  }

  /** The folder is gone from its place when this returns. It need not exist. */
  discard(folder: string): void {
    const bin = this.#bins.find(({ root }) => folder.startsWith(`${root}/`))
    if (bin === undefined) throw new Error(`${folder} lies under none of the trash's roots`)
    if (!existsSync(folder)) return
    try {
      if (!bin.isMade) mkdirSync(this.#place(bin), { recursive: true, mode: 0o700 })
      bin.isMade = true
      renameSync(folder, `${this.#place(bin)}/${bin.count++}`)
    } catch (error) {
      // Another file system is mounted there: what cannot be renamed is walked.
      this.#options.log.warn({ folder, err: error }, 'not renamed')
      this.#report(folder, rm(folder, { recursive: true, force: true }))
      return
    }
    if (this.#isSweepDue) return
    this.#isSweepDue = true
    this.#options.clock.after(gatherMs, () => this.#sweep())
  }

  #sweep(): void {
    this.#isSweepDue = false
    for (const bin of this.#bins) {
      if (!bin.isMade) continue
      const place = this.#place(bin)
      bin.generation++
      bin.count = 0
      bin.isMade = false
      this.#report(place, this.#options.remove(place))
    }
  }

  #sweepLeftovers(bin: Bin): void {
    const names = readNames(`${bin.root}/trash`)
    bin.generation = Math.max(0, ...names.map(Number).filter(Number.isSafeInteger)) + 1
    for (const name of names) this.#report(name, this.#options.remove(`${bin.root}/trash/${name}`))
  }

  #place({ root, generation }: Bin): string {
    return `${root}/trash/${generation}`
  }

  #report(target: string, removed: Promise<unknown>): void {
    removed.catch(error => this.#options.log.warn({ target, err: error }, 'not removed yet'))
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
