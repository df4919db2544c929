import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Journal } from './journal.ts'
import { encodeLine } from './line.ts'
import { acquireLock, type Lock } from './lock.ts'
import { type Recovered, recover, schemaVersion } from './recover.ts'

/** Records of one kind by key. Reads are from memory; a change is visible at once and durable when its promise resolves. */
export interface Collection<T> {
  readonly name: string
  get(key: string): T | undefined
  list(): T[]
  keys(): string[]
  readonly size: number
  /** Records are whole values: never change one in place. Rejects with NO_SPACE or INTERNAL; then the former value is back. */
  put(key: string, value: T): Promise<void>
  delete(key: string): Promise<void>
}

interface Undo {
  readonly records: Map<string, unknown>
  readonly key: string
  readonly previous: unknown
}

/** A journal is folded into a snapshot when it is this long and several times longer than what it describes. */
const compactAboveBytes = 4 * 1024 * 1024
const compactFactor = 4

/**
 * The daemon's durable state: `<directory>/snapshot-G` and `journal-G`. One daemon at a time (lock); survives kill -9, torn writes and a full disk.
 */
export class Store {
  readonly #directory: string
  readonly #lock: Lock
  readonly #collections: Map<string, Map<string, unknown>>
  readonly damaged: Recovered['damaged']
  #journal: Journal | undefined
  #generation: number
  #snapshotBytes = 0
  /** Former values of changes that are not durable yet, oldest first. */
  #undo: Undo[] = []
  #compacting: Promise<void> | undefined

  private constructor(directory: string, lock: Lock, recovered: Recovered) {
    this.#directory = directory
    this.#lock = lock
    this.#collections = recovered.collections
    this.#generation = recovered.generation
    this.damaged = recovered.damaged
  }

  /** Locks and recovers `directory` (made with 0700 if absent). Throws CONFLICT when another daemon has it. */
  static async open(directory: string): Promise<Store> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const lock = await acquireLock(join(directory, 'lock'))
    try {
      const store = new Store(directory, lock, await recover(directory))
      await store.#compact()
      return store
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** `T` is what this program wrote under the name before; schema.version and migrations keep that true. */
  collection<T extends object>(name: string): Collection<T> {
    let records = this.#collections.get(name) as Map<string, T> | undefined
    if (records === undefined) {
      records = new Map()
      this.#collections.set(name, records)
    }
    const map = records
    return {
      name,
      get: key => map.get(key),
      list: () => [...map.values()],
      keys: () => [...map.keys()],
      get size() {
        return map.size
      },
      put: (key, value) => this.#write(name, map, key, value),
      delete: key => (map.has(key) ? this.#write(name, map, key, undefined) : Promise.resolve()),
    }
  }

  /** Waits for what is in flight, closes the files and gives the lock back. */
  async close(): Promise<void> {
    await this.#compacting?.catch(() => undefined)
    await this.#journal?.close()
    this.#journal = undefined
    await this.#lock.release()
  }

  async #write(name: string, records: Map<string, unknown>, key: string, value: unknown): Promise<void> {
    const journal = this.#journal
    if (journal === undefined) throw new Error('the store is closed')
    const undo = { records, key, previous: records.get(key) }
    if (value === undefined) records.delete(key)
    else records.set(key, value)
    this.#undo.push(undo)
    const line = encodeLine(value === undefined ? { collection: name, key } : { collection: name, key, value })
    await journal.append(line)
    // Appends become durable in order, so the oldest undo is this one.
    this.#undo.shift()
    if (this.#needsCompaction(journal)) {
      this.#compacting ??= this.#compact().finally(() => {
        this.#compacting = undefined
      })
      this.#compacting.catch(() => undefined)
    }
  }

  #rollBack(): void {
    for (const { records, key, previous } of this.#undo.splice(0).reverse()) {
      if (previous === undefined) records.delete(key)
      else records.set(key, previous)
    }
  }

  #needsCompaction(journal: Journal): boolean {
    return (
      this.#compacting === undefined && journal.bytes > Math.max(compactAboveBytes, compactFactor * this.#snapshotBytes)
    )
  }

  /**
   * New generation: from now on changes go to journal-G; then snapshot-G (the state at this moment) is renamed into place; then what is older goes.
   * A crash between any two of these steps leaves the older snapshot with both journals, which recover to the same state.
   */
  async #compact(): Promise<void> {
    const former = this.#journal
    const generation = this.#generation + 1
    const journal = await Journal.create(join(this.#directory, `journal-${generation}`), () => this.#rollBack())
    // Nothing may go to the new journal before everything in the former one is on the disk: from the last check on this is synchronous.
    while (former !== undefined && !former.isIdle) await former.flush()
    this.#generation = generation
    this.#journal = journal
    const lines = [encodeLine({ format: 'berth-store', schema: schemaVersion })]
    for (const [collection, records] of this.#collections) {
      for (const [key, value] of records) lines.push(encodeLine({ collection, key, value }))
    }
    const text = lines.join('')
    await former?.close()
    await writeDurably(this.#directory, `snapshot-${generation}`, text)
    this.#snapshotBytes = text.length
    await removeOlder(this.#directory, generation)
  }
}

async function writeDurably(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `${name}.tmp`)
  await writeFile(temporary, text, { mode: 0o600, flush: true })
  await rename(temporary, join(directory, name))
  await syncDirectory(directory)
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function removeOlder(directory: string, generation: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const match = /^(?:snapshot|journal)-(\d+)(?:\.tmp)?$/.exec(name)
    if (match !== null && Number(match[1]) < generation) await rm(join(directory, name), { force: true })
  }
}
