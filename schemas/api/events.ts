/** One line of GET /events. `status`, `id` and `from` are the old names of the same facts and only container and image events have them. */
export interface EventMessage {
  readonly Type: EventType
  /** `start`, `die`, `health_status: healthy`, `exec_create: sh -c ...`. */
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
  readonly scope: 'local' | 'swarm'
  /** Seconds and nanoseconds since 1970; the second is not exact as a JavaScript number. */
  readonly time: number
  readonly timeNano: number
  readonly status?: string
  readonly id?: string
  readonly from?: string
}

export type EventType =
  | 'builder'
  | 'config'
  | 'container'
  | 'daemon'
  | 'image'
  | 'network'
  | 'node'
  | 'plugin'
  | 'secret'
  | 'service'
  | 'volume'
