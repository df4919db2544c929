import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import { describeJsonError } from './json-error.ts'

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
  /** Parses the body; an empty one is `{}` to the parser. Throws INVALID_ARGUMENT that names the member. */
  readJson<T>(parser: Parser<T>): Promise<T>
  readBody(maxBytes?: number): Promise<Buffer>
  /** Sends status and headers at once and gives the response for chunked writing; the handler ends it and returns undefined. */
  stream(status: number, headers: Readonly<Record<string, string>>): ServerResponse
  /**
   * Answers 101 UPGRADED (or 200, to clients that sent no Upgrade header) and gives the bare connection; what the client sent behind
   * its request comes first. Read the body before. The handler returns undefined.
   */
  hijack(contentType: string): Duplex
  /** Answers a WebSocket handshake and gives the connection as a stream. Throws INVALID_ARGUMENT when the client asked for none. */
  webSocket(): Promise<Duplex>
}

/** Reads a body up to a limit. */
export async function readAll(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes)
      throw new BerthError('INVALID_ARGUMENT', `the request body is over the limit of ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/** The JSON value of a body. Throws INVALID_ARGUMENT. */
export function parseBody<T>(body: Buffer, parser: Parser<T>): T {
  let value: unknown
  try {
    // Go reads `null` into nothing.
    value = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) ?? {})
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', describeJsonError(body.toString('utf8')), { cause })
  }
  try {
    return parser.parse(value)
  } catch (cause) {
    if (cause instanceof BerthError) throw cause
    throw new BerthError('INVALID_ARGUMENT', `invalid JSON: ${describeIssues(cause, value)}`, { cause })
  }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  /** zod's name of the type that it wants; absent where it was no question of type. */
  readonly expected?: string
}

const goTypes: Readonly<Record<string, string>> = { int: 'int64', number: 'int64', boolean: 'bool', array: '[]' }

/** `json: cannot unmarshal string into Go struct field .HostConfig.Memory of type int64`: the first of zod's issues as dockerd tells it. */
function describeIssues(error: unknown, body: unknown): string {
  if (!(error instanceof Error) || !('issues' in error) || !Array.isArray(error.issues)) return String(error)
  const [issue] = error.issues as readonly Issue[]
  if (issue === undefined) return error.message
  let found = body
  for (const member of issue.path) found = (found as Record<PropertyKey, unknown> | undefined)?.[member]
  const kind = found === null ? 'null' : Array.isArray(found) ? 'array' : typeof found
  const shown = typeof found === 'number' ? `number ${found}` : kind === 'boolean' ? 'bool' : kind
  const field = issue.path.length === 0 ? 'Go value' : `Go struct field .${issue.path.map(String).join('.')}`
  const wanted = issue.expected === undefined ? '' : ` of type ${goTypes[issue.expected] ?? issue.expected}`
  return `json: cannot unmarshal ${shown} into ${field}${wanted}`
}

/** Throws INVALID_ARGUMENT for a body that does not call itself JSON; without a body nothing need be said. In dockerd's words. */
export function checkJsonType(headers: IncomingHttpHeaders): void {
  const type = headers['content-type']
  if (type === undefined && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    return
  if (type === undefined && headers['content-length'] === '0') return
  const name = (type ?? '').split(';')[0]?.trim().toLowerCase()
  if (name === 'application/json') return
  throw new BerthError(
    'INVALID_ARGUMENT',
    name === ''
      ? `malformed Content-Type header (${type ?? ''}): mime: no media type`
      : `unsupported Content-Type header (${type}): must be 'application/json'`,
  )
}

/** dockerd's rule for flags: false for '', 0, no, false, none; absent is `whenAbsent`. */
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
    throw new BerthError('INVALID_ARGUMENT', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}
