import { inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { type LogLine, type LogSource, logLines } from './log-lines.ts'

export interface FollowedContainer extends LogSource {
  /** Name before its lines. */
  readonly name: string
}

/** Where a log is taken up: all of it, its end, from a moment on (seconds since 1970), or from the container's latest start on. */
export interface LogStart {
  readonly since?: string
  readonly tail?: string
}
export const latestStart = 'latest start'

/**
 * Follows the logs of several containers at once. A log ends when its container does; when the container starts again, `follow` goes on with it after
 * what was left of the log before.
 */
export class LogFollower {
  readonly #client: EngineClient
  readonly #onLine: (name: string, line: LogLine) => void
  readonly #signal: AbortSignal
  readonly #running = new Map<string, Promise<void>>()
  readonly #failures: unknown[] = []
  /** By container: the time stamp of the last line that was handed out. */
  readonly #last = new Map<string, string>()

  /** `signal` cuts all logs off. */
  constructor(client: EngineClient, onLine: (name: string, line: LogLine) => void, signal: AbortSignal) {
    this.#client = client
    this.#onLine = onLine
    this.#signal = signal
  }

  /** `start` counts for the first time; after that a log goes on behind the last line that was handed out. */
  follow(container: FollowedContainer, start: LogStart | typeof latestStart): void {
    const next = this.finished(container.id).then(() => {
      const last = this.#last.get(container.id)
      return this.#pump(container, last === undefined ? start : { since: unixSeconds(last, 1) })
    })
    const settled = next.catch(error => void this.#failures.push(error))
    this.#running.set(container.id, settled)
  }

  /** Resolves when the last line that the container has written so far in its life has been handed out. */
  finished(containerId: string): Promise<void> {
    return this.#running.get(containerId) ?? Promise.resolve()
  }

  /** Resolves when no log is being read any more; throws the first failure. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values())
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  async #pump(container: FollowedContainer, start: LogStart | typeof latestStart): Promise<void> {
    try {
      const from = start === latestStart ? { since: await this.#startOf(container) } : start
      const lines = logLines(this.#client, container, { follow: true, ...from }, this.#signal)
      for await (const line of lines) {
        this.#last.set(container.id, line.time)
        this.#onLine(container.name, line)
      }
    } catch (error) {
      if (!this.#signal.aborted && !isNotFound(error)) throw error
    }
  }

  /** The engine notes it before it reads the first output, and tells the event `start` after; so this and not the event's time. */
  async #startOf({ id }: FollowedContainer): Promise<string> {
    const { State } = await inspectContainer(this.#client, id, { signal: this.#signal })
    return unixSeconds(State.StartedAt, 0)
  }
}

/** The time that is `later` nanoseconds after an RFC 3339 stamp, in seconds since 1970, as the Engine API wants it. */
function unixSeconds(time: string, later: number): string {
  const nanoseconds = Number((/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0')) + later
  const seconds = Math.floor(Date.parse(time) / 1000) + Math.floor(nanoseconds / 1e9)
  return `${seconds}.${String(nanoseconds % 1e9).padStart(9, '0')}`
}
