import type { OomIncident } from '../../schemas/api/berth.ts'
import type { Logger } from '../log.ts'
import type { Collection, Store } from '../store/store.ts'

const kept = 1000

/** Every out-of-memory kill and what was decided, oldest first; the last thousand are kept. */
export class OomIncidents {
  readonly #incidents: Collection<OomIncident>
  readonly #log: Logger
  #lastNumber: number

  constructor(store: Store, log: Logger) {
    this.#incidents = store.collection('oom-incidents')
    this.#log = log
    this.#lastNumber = Math.max(0, ...this.#incidents.keys().map(Number))
  }

  add(incident: Omit<OomIncident, 'Id'>): OomIncident {
    const Id = String(++this.#lastNumber)
    const stored = { Id, ...incident }
    this.#store(this.#incidents.put(Id, stored))
    const excess = this.#incidents.size - kept
    if (excess > 0) for (const key of this.#incidents.keys().slice(0, excess)) this.#store(this.#incidents.delete(key))
    return stored
  }

  list(): readonly OomIncident[] {
    return this.#incidents.list()
  }

  #store(stored: Promise<void>): void {
    stored.catch(error => this.#log.warn({ err: error }, 'out-of-memory incident not stored'))
  }
}
