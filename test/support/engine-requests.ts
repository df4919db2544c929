import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  /** Parsed body; undefined when it is empty or no JSON. */
  readonly json: unknown
  /** The `message` of an error's body. */
  readonly message: string
}

/** One request to the engine behind a socket, with its whole answer. */
export async function requestOn(
  socket: string,
  method: string,
  path: string,
  body?: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  const response = await openOn(socket, method, path, body, headers)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const json = parse(text)
  const message = String((json as { message?: unknown } | null | undefined)?.message ?? '')
  return { status: response.statusCode ?? 0, headers: response.headers, text, json, message }
}

/** Like `requestOn`, throwing for a status of 400 and above; answers the parsed body. */
export async function callOn<T = unknown>(socket: string, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await requestOn(socket, method, path, body)
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
  return answer.json as T
}

/** The response as soon as its headers are there. A Buffer goes as a tar, anything else as JSON. */
export function openOn(
  socket: string,
  method: string,
  path: string,
  body?: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json'
    const own = bytes === undefined ? {} : { 'Content-Type': type, 'Content-Length': bytes.length }
    const options = { socketPath: socket, method, path, headers: { ...own, ...headers }, agent: false }
    const request = http.request(options, resolve)
    request.once('error', reject)
    request.end(bytes)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
