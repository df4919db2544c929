import { BerthError } from '../../schemas/errors.ts'
import type { Logger } from '../log.ts'
import type { Collection, Store } from '../store/store.ts'
import { type Container, createLive } from './container.ts'
import type { ContainerRecord } from './record.ts'
import { type ContainerState, initialState } from './state.ts'

/** Every container by id and name, in memory and in the store. */
export class ContainerRegistry {
  readonly #records: Collection<ContainerRecord>
  readonly #states: Collection<ContainerState>
  readonly #log: Logger
  readonly #byId = new Map<string, Container>()
  readonly #idByName = new Map<string, string>()

  constructor(store: Store, log: Logger) {
    this.#records = store.collection('containers')
    this.#states = store.collection('container-states')
    this.#log = log
    for (const record of this.#records.list()) {
      this.#byId.set(record.id, { record, state: this.#states.get(record.id) ?? initialState, live: createLive() })
      this.#idByName.set(record.name, record.id)
    }
  }

  list(): Container[] {
    return [...this.#byId.values()]
  }

  /** By whole id, name (with or without slash), or the only id that begins so. Throws NOT_FOUND or INVALID_ARGUMENT with dockerd's texts. */
  get(reference: string): Container {
    if (reference === '') throw new BerthError('INVALID_ARGUMENT', 'invalid name or ID supplied: ""')
    const found = this.find(reference)
    if (found === undefined) throw new BerthError('NOT_FOUND', `No such container: ${reference}`)
    return found
  }

  find(reference: string): Container | undefined {
    const name = reference.startsWith('/') ? reference.slice(1) : reference
    const exact = this.#byId.get(name) ?? this.#byId.get(this.#idByName.get(name) ?? '')
    if (exact !== undefined) return exact
    if (!/^[0-9a-f]{1,63}$/.test(name)) return undefined
    const matches = [...this.#byId.keys()].filter(id => id.startsWith(name))
    if (matches.length > 1) throw new BerthError('INVALID_ARGUMENT', `multiple IDs found with provided prefix: ${name}`)
    return matches[0] === undefined ? undefined : this.#byId.get(matches[0])
  }

  isNameTaken(name: string): boolean {
    return this.#idByName.has(name)
  }

  /** Holds a name for a container that is being made or renamed. Throws CONFLICT with dockerd's text. */
  reserveName(name: string, id: string): void {
    const owner = this.#idByName.get(name)
    if (owner !== undefined && owner !== id) {
      throw new BerthError(
        'CONFLICT',
        `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
    }
    this.#idByName.set(name, id)
  }

  releaseName(name: string, id: string): void {
    if (this.#idByName.get(name) === id) this.#idByName.delete(name)
  }

  /** Adds a new container, whose name is reserved; resolves when it is durable. On failure it is not there. */
  async add(record: ContainerRecord): Promise<Container> {
    const container: Container = { record, state: initialState, live: createLive() }
    this.#byId.set(record.id, container)
    try {
      await this.#records.put(record.id, record)
      return container
    } catch (error) {
      this.#byId.delete(record.id)
      throw error
    }
  }

  /** Replaces a record; resolves when it is durable. */
  async update(container: Container, record: ContainerRecord): Promise<void> {
    await this.#records.put(record.id, record)
    container.record = record
  }

  /**
   * Takes a new state at once and stores it. Callers wait only where a client was promised that it lasts: what a crash loses here,
   * monitors and exit records tell again at the next start.
   */
  setState(container: Container, state: ContainerState): Promise<void> {
    if (container.state === state) return Promise.resolve()
    container.state = state
    return this.#states.put(container.record.id, state).catch(error => {
      this.#log.warn({ container: container.record.id, err: error }, 'container state not stored')
    })
  }

  /** Forgets a container; resolves when that is durable. */
  async remove(container: Container): Promise<void> {
    const { id, name } = container.record
    await Promise.all([this.#records.delete(id), this.#states.delete(id)])
    this.#byId.delete(id)
    this.releaseName(name, id)
  }
}
