import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { type LogLine, type LogSource, logLines } from './log-lines.ts'

export interface FollowedContainer extends LogSource {
  /** Name before its lines. */
  readonly name: string
}

/** Where a log is taken up: all of it, its end, or from a moment on (seconds since 1970). */
export interface LogStart {
  readonly since?: string
  readonly tail?: string
}

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

  /** `signal` cuts all logs off. */
  constructor(client: EngineClient, onLine: (name: string, line: LogLine) => void, signal: AbortSignal) {
    this.#client = client
    this.#onLine = onLine
    this.#signal = signal
  }

  follow(container: FollowedContainer, start: LogStart): void {
    const next = this.finished(container.id).then(() => this.#pump(container, start))
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

  async #pump(container: FollowedContainer, start: LogStart): Promise<void> {
    try {
      const lines = logLines(this.#client, container, { follow: true, ...start }, this.#signal)
      for await (const line of lines) this.#onLine(container.name, line)
    } catch (error) {
      if (!this.#signal.aborted && !isNotFound(error)) throw error
    }
  }
}
