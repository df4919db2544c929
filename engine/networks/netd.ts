import type { NetdRequest, NetdState } from '../../schemas/runtime/netd.ts'
import type { Logger } from '../log.ts'
import { NativeConnection } from '../runtime/connection.ts'

export interface NetdOptions {
  readonly socket: string
  /** Starts netd unless it runs (Spawner.netd). */
  readonly start: () => Promise<unknown>
  /** Told what netd holds, after every (re)connection and before any other request is sent. */
  readonly onConnected: (state: NetdState) => void
  readonly log: Logger
}

type Op = NetdRequest['op']
type Body<O extends Op> = Omit<Extract<NetdRequest, { op: O }>, 'op'>

/**
 * The connection to netd. netd takes everything up again by itself when it is started after a crash, so a lost connection is answered by starting it at
 * once: until then names do not resolve and new ports are not served.
 */
export class Netd {
  readonly #options: NetdOptions
  #connection: Promise<NativeConnection> | undefined
  #isClosed = false

  constructor(options: NetdOptions) {
    this.#options = options
  }

  /** Starts netd if need be and hears what it holds. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  async request<O extends Op, T = unknown>(op: O, body: Body<O>): Promise<T> {
    const connection = await this.#connected()
    return connection.request<T>({ op, ...body })
  }

  /** netd runs on for the containers that are attached, and ends when there is none. */
  async close(): Promise<void> {
    this.#isClosed = true
    const connection = await this.#connection?.catch(() => undefined)
    await connection
      ?.request({ op: 'retire' })
      .catch((err: unknown) => this.#options.log.warn({ err }, 'netd not ended'))
    connection?.close()
  }

  #connected(): Promise<NativeConnection> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined
      throw error
    })
    return this.#connection
  }

  async #open(): Promise<NativeConnection> {
    await this.#options.start()
    const connection = await NativeConnection.connect(this.#options.socket, 'netd')
    const state = await connection.request<Readonly<Record<string, unknown>> & NetdState>({ op: 'list' })
    this.#options.onConnected(state)
    connection.onClose(reason => {
      this.#connection = undefined
      if (this.#isClosed) return
      this.#options.log.warn({ reason: reason.message }, 'netd lost')
      this.#connected().catch((err: unknown) => this.#options.log.error({ err }, 'netd not restarted'))
    })
    return connection
  }
}
