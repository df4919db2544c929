import type { LifeTrace } from '../../schemas/api/berth.ts'
import { Trace } from '../runtime/trace.ts'
import { formatTime } from './clock.ts'
import type { Container } from './container.ts'

/** Traces starts and stops while somebody listens; otherwise it only calls what it is given. */
export class Tracer {
  readonly #listeners = new Set<(trace: LifeTrace) => void>()
  /** Stops under way, by container: the exit that they wait for comes from outside. */
  readonly #stopping = new Map<string, Trace>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (trace: LifeTrace) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start<T>(container: Container, work: () => Promise<T>): Promise<T> {
    return this.#listeners.size === 0 ? work() : this.#trace('start', container, new Trace(), work)
  }

  /** A stop or a kill, from the request to the moment when everything is given back. */
  async stop<T>(action: 'stop' | 'kill', container: Container, work: () => Promise<T>): Promise<T> {
    const { id } = container.record
    if (this.#listeners.size === 0 || this.#stopping.has(id)) return work()
    const trace = new Trace()
    this.#stopping.set(id, trace)
    try {
      return await this.#trace(action, container, trace, work)
    } finally {
      this.#stopping.delete(id)
    }
  }

  /** What follows an exit: a part of the stop that waits for it, or a trace of its own. */
  exit<T>(container: Container, stamps: readonly (readonly [string, number])[], work: () => Promise<T>): Promise<T> {
    const stopping = this.#stopping.get(container.record.id)
    if (stopping !== undefined && !stopping.isOver) {
      stopping.mark('waits for the exit')
      stopping.addStamps('monitor', stamps)
      return stopping.during(work)
    }
    return this.#listeners.size === 0 ? work() : this.#trace('exit', container, new Trace(), work)
  }

  async #trace<T>(
    action: LifeTrace['Action'],
    { record }: Container,
    trace: Trace,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await trace.during(work)
    } finally {
      const { microseconds, stages } = trace.finish()
      const told: LifeTrace = {
        Action: action,
        Time: formatTime(this.#now()),
        ContainerId: record.id,
        ContainerName: record.name,
        Microseconds: microseconds,
        Stages: stages,
      }
      for (const listener of this.#listeners) listener(told)
    }
  }
}
