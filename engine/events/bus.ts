/** What an event is about; Docker's names. */
export type EventType = 'container' | 'network' | 'volume' | 'image' | 'daemon' | 'builder'

/** A message of GET /events, as dockerd 28 prints it. */
export interface EngineEvent {
  readonly Type: EventType
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
  readonly scope: 'local'
  /** Unix seconds. */
  readonly time: number
  /** Unix nanoseconds; strictly rising within one daemon. Beyond 2^53 in value, so it is exact to about 256 ns. */
  readonly timeNano: number
  /** Only for containers and images, kept by dockerd for old clients. */
  readonly status?: string
  readonly id?: string
  readonly from?: string
}

export type Listener = (event: EngineEvent) => void

export interface EventBusOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** How many events `since` can look back to; dockerd keeps 256. */
  readonly historySize?: number
}

/** Typed bus of everything that happens; the only way services talk sideways. Listeners run synchronously and must not throw. */
export class EventBus {
  readonly #now: () => number
  readonly #historySize: number
  readonly #listeners = new Set<Listener>()
  #history: EngineEvent[] = []
  #lastMicro = 0

  constructor(options: EventBusOptions) {
    this.#now = options.now
    this.#historySize = options.historySize ?? 4096
  }

  /** `attributes`: names as dockerd's, e.g. container: its labels plus `image` and `name`; network: `name`, `type`, `container`. */
  publish(type: EventType, action: string, id: string, attributes: Readonly<Record<string, string>> = {}): EngineEvent {
    // Microseconds stay exact in a double; two events never share one, so `since` and sorting are unambiguous.
    const micro = Math.max(Math.round(this.#now() * 1000), this.#lastMicro + 1)
    this.#lastMicro = micro
    const event: EngineEvent = {
      ...(type === 'container'
        ? { status: action, id, ...(attributes['image'] === undefined ? {} : { from: attributes['image'] }) }
        : {}),
      ...(type === 'image' ? { status: action, id } : {}),
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Math.floor(micro / 1_000_000),
      timeNano: micro * 1000,
    }
    this.#history.push(event)
    if (this.#history.length > 2 * this.#historySize) this.#history = this.#history.slice(-this.#historySize)
    for (const listener of this.#listeners) listener(event)
    return event
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Remembered events between two times in nanoseconds (inclusive), oldest first. */
  history(sinceNano: number, untilNano = Number.POSITIVE_INFINITY): EngineEvent[] {
    return this.#history.filter(event => event.timeNano >= sinceNano && event.timeNano <= untilNano)
  }
}
