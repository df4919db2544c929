import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'

/** Largest JSON body that is read. */
export const maxJsonBytes = 8 * 1024 * 1024

export interface ApiVersion {
  readonly major: number
  readonly minor: number
}

/** Anything with zod's `parse`. */
export interface Parser<T> {
  parse(value: unknown): T
}

/** A client's connection that has stopped speaking HTTP. */
export interface HijackedStream {
  readonly socket: Duplex
  /** Bytes that the client sent behind its request. Already unshifted into `socket`. */
  readonly wasUpgraded: boolean
}

/** One request, as handlers see it. */
export interface RequestContext {
  readonly method: string
  /** Without version prefix and query. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly version: ApiVersion
  /** Aborted when the client goes away before the answer is complete. */
  readonly signal: AbortSignal
  /** The raw body (tar streams); use `readJson` for everything else. */
  readonly body: Readable
  /** Parses the body; undefined-safe: an empty body is `undefined` to the parser. Throws INVALID_ARGUMENT. */
  readJson<T>(parser: Parser<T>): Promise<T>
  readBody(maxBytes?: number): Promise<Buffer>
  /** Sends status and headers at once and gives the response for chunked writing; the handler ends it and returns undefined. */
  stream(status: number, headers: Readonly<Record<string, string>>): ServerResponse
  /** Answers 101 (or 200 for clients without an Upgrade header) and gives the bare connection. Read the body first. */
  hijack(contentType: string): HijackedStream
}

/** Reads a body up to a limit. `head`: bytes that the HTTP parser had already taken. */
export async function readAll(request: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes)
      throw new BerthError('INVALID_ARGUMENT', `the request body is over the limit of ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/** The JSON of a body; undefined when it is empty. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', `invalid JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

/** True for `1`, `true`, `True`...; dockerd's rule: false for '', 0, no, false, none, absent. */
export function queryFlag(query: URLSearchParams, name: string, whenAbsent = false): boolean {
  const text = query.get(name)
  if (text === null) return whenAbsent
  return !['', '0', 'no', 'false', 'none'].includes(text.trim().toLowerCase())
}

/** An integer of the query, or undefined when absent or empty. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d{1,15}$/.test(text))
    throw new BerthError('INVALID_ARGUMENT', `${name}: expected an integer, found "${text}"`)
  return Number(text)
}

export type { IncomingMessage }
