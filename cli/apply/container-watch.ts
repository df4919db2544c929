import type { EventMessage } from '../../schemas/api/events.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { openEvents } from '../client/events.ts'
import { label } from '../model/labels.ts'

/**
 * What happens to the containers of a project while a plan is applied, from one event stream. Events are only hints: a listener looks at
 * the container itself, so a lost or doubled event does no harm as long as the stream was open before the look.
 */
export class ContainerWatch {
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #died = new Set<string>()
  readonly #end = new AbortController()
  #broken: BerthError | undefined

  /** Resolves when the engine is watching. */
  static async open(client: EngineClient, project: string): Promise<ContainerWatch> {
    const watch = new ContainerWatch()
    const filters = { type: ['container'], label: [`${label.project}=${project}`], event: ['die', 'health_status'] }
    const events = await openEvents(client, { filters }, { signal: watch.#end.signal })
    void watch.#read(events)
    return watch
  }

  /** Calls back after each event of the container of that name, and when the stream breaks. Returns the function that ends it. */
  listen(name: string, callback: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(callback))
    return () => {
      listeners.delete(callback)
    }
  }

  /** Ids of containers that died since the watch was opened. */
  get died(): ReadonlySet<string> {
    return this.#died
  }

  /** Set when the stream ended although nobody closed it. */
  get broken(): BerthError | undefined {
    return this.#broken
  }

  close(): void {
    this.#end.abort()
  }

  async #read(events: AsyncIterable<EventMessage>): Promise<void> {
    let cause: unknown
    try {
      for await (const { Action, Actor } of events) {
        if (Action === 'die') this.#died.add(Actor.ID)
        this.#tell(Actor.Attributes['name'] ?? '')
      }
    } catch (error) {
      cause = error
    }
    if (this.#end.signal.aborted) return
    this.#broken = new BerthError('UNAVAILABLE', 'the engine ended the event stream', { cause })
    for (const name of this.#listeners.keys()) this.#tell(name)
  }

  #tell(name: string): void {
    for (const callback of [...(this.#listeners.get(name) ?? [])]) callback()
  }
}
