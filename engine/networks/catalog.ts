import { BerthError } from '../../schemas/errors.ts'
import type { Collection } from '../store/store.ts'
import type { NetworkRecord } from './record.ts'

/** Network records by id, name or the beginning of an id. */
export class NetworkCatalog {
  readonly #records: Collection<NetworkRecord>

  constructor(records: Collection<NetworkRecord>) {
    this.#records = records
  }

  get(id: string): NetworkRecord | undefined {
    return this.#records.get(id)
  }

  byName(name: string): NetworkRecord | undefined {
    return this.#records.list().find(record => record.name === name)
  }

  /** dockerd's order: whole id, name, unique beginning of an id. Throws NOT_FOUND `network x not found`. */
  require(text: string): NetworkRecord {
    const exact = this.#records.get(text) ?? this.byName(text)
    if (exact !== undefined) return exact
    const matches = text === '' ? [] : this.#records.list().filter(record => record.id.startsWith(text))
    const [first, second] = matches
    if (second !== undefined) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `network ${text} is ambiguous (${matches.length} matches found on ID prefix)`,
      )
    }
    if (first === undefined) throw new BerthError('NOT_FOUND', `network ${text} not found`)
    return first
  }

  list(): NetworkRecord[] {
    return this.#records.list()
  }

  put(record: NetworkRecord): Promise<void> {
    return this.#records.put(record.id, record)
  }

  delete(id: string): Promise<void> {
    return this.#records.delete(id)
  }
}
