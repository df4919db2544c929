import type { Duplex, Readable } from 'node:stream'

/** One API call. `path` without the version, e.g. `/containers/json`; Berth's own start with `/berth/` and have none. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, chunked. */
  readonly stream?: Readable
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface EngineResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readable
}

/** What the engine said of itself in its answer to HEAD /_ping. */
export interface EngineFacts {
  /** The version that both sides speak, e.g. `1.51`. */
  readonly apiVersion: string
  readonly isBerth: boolean
  readonly osType: string
}

/** A connection to one engine. An answer with a status of 400 and above is thrown as a BerthError. */
export interface EngineClient {
  /** `unix:///run/berth/berth.sock`, for messages. */
  readonly host: string
  facts(signal?: AbortSignal): Promise<EngineFacts>
  /** Reads the whole answer as JSON; undefined when it has no body. */
  json<Value>(request: EngineRequest): Promise<Value>
  /** For answers that are streams (logs, events, stats, pull, archive, export). Aborting `signal` ends the stream. */
  stream(request: EngineRequest): Promise<EngineResponse>
  /** Sends `Connection: Upgrade` and gives the raw socket (attach, exec). `isMultiplexed` says which framing the engine chose. */
  hijack(request: EngineRequest): Promise<HijackedStream>
  close(): void
}

export interface HijackedStream {
  readonly socket: Duplex
  readonly isMultiplexed: boolean
}

/** Last argument of every call; aborting ends it with the error CANCELLED. */
export interface CallOptions {
  readonly signal?: AbortSignal
}

/** The part of `options` that goes into a request. */
export const withSignal = (options: CallOptions): CallOptions => (options.signal ? { signal: options.signal } : {})
