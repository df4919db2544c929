import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { BerthError } from '../../../schemas/errors.ts'
import { isTransient } from './request.ts'
import { RegistrySession, type SessionOptions } from './session.ts'

export interface BlobContent {
  readonly digest: string
  readonly size: number
  /** Bytes `start` to `end` (not included); called again for a part that has to be repeated. */
  read(start: number, end: number): AsyncIterable<Buffer>
}

/** Bytes of one PATCH. What a broken connection costs at most; registries and proxies in front of them limit bodies too. */
const chunkBytes = 64 * 1024 * 1024

/** Writes one repository of a registry: OCI distribution specification 1.1, "pushing". */
export class RegistryUploader {
  readonly #session: RegistrySession
  readonly #maxAttempts: number

  /** `mountFrom`: repositories of the same registry whose blobs may be mounted. */
  constructor(options: Omit<SessionOptions, 'scopes'>, mountFrom: readonly string[]) {
    const own = `repository:${options.reference.path}:pull,push`
    this.#session = new RegistrySession({
      ...options,
      scopes: [own, ...mountFrom.map(path => `repository:${path}:pull`)],
    })
    this.#maxAttempts = options.settings.maxAttempts
  }

  async has(digest: string, signal: AbortSignal): Promise<boolean> {
    const response = await this.#send('HEAD', `blobs/${digest}`, [200, 404], signal)
    return response.statusCode === 200
  }

  /** Takes the blob over from another repository; false when the registry does not do it. */
  async mount(digest: string, from: string, signal: AbortSignal): Promise<boolean> {
    const path = `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`
    const response = await this.#send('POST', path, [201, 202], signal)
    // 202 is an upload that was begun instead; registries forget those that nobody goes on with.
    return response.statusCode === 201
  }

  /** Sends a blob in chunks; after a broken connection the registry is asked how much it has. */
  async upload(blob: BlobContent, onProgress: (sent: number) => void, signal: AbortSignal): Promise<void> {
    let location = locationOf(await this.#send('POST', 'blobs/uploads/', [202], signal))
    let sent = 0
    for (let breaks = 0; sent < blob.size; ) {
      const end = Math.min(sent + chunkBytes, blob.size)
      try {
        location = await this.#patch(location, blob, sent, end, onProgress, signal)
        sent = end
      } catch (error) {
        if (signal.aborted || !isTransient(error) || ++breaks >= this.#maxAttempts) throw error
        const status = await this.#send('GET', location, [204], signal)
        location = locationOf(status, location)
        sent = receivedOf(status, blob.size)
      }
    }
    const url = this.#session.url(location)
    url.searchParams.set('digest', blob.digest)
    await this.#send('PUT', url.href, [201], signal, { 'content-length': '0' })
  }

  /** Answers the digest that the registry gives it. */
  async putManifest(version: string, content: Buffer, mediaType: string, signal: AbortSignal): Promise<void> {
    const headers = { 'content-type': mediaType, 'content-length': String(content.length) }
    const url = this.#session.url(`manifests/${version}`)
    const response = await this.#session.request(url, [201], { method: 'PUT', headers, body: content, signal })
    response.resume()
  }

  async #patch(
    location: string,
    blob: BlobContent,
    start: number,
    end: number,
    onProgress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      'content-range': `${start}-${end - 1}`,
    }
    const body = Readable.from(counted(blob.read(start, end), start, onProgress), { objectMode: false })
    const url = this.#session.url(location)
    const response = await this.#session.request(url, [202, 204], { method: 'PATCH', headers, body, signal })
    response.resume()
    return locationOf(response, location)
  }

  async #send(
    method: 'GET' | 'HEAD' | 'POST' | 'PUT',
    path: string,
    expected: readonly number[],
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = method === 'POST' ? { 'content-length': '0' } : {},
  ): Promise<IncomingMessage> {
    const response = await this.#session.request(this.#session.url(path), expected, { method, headers, signal })
    response.resume()
    return response
  }
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  start: number,
  onProgress: (sent: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  let sent = start
  for await (const piece of pieces) {
    yield piece
    sent += piece.length
    onProgress(sent)
  }
}

function locationOf(response: IncomingMessage, otherwise?: string): string {
  const location = response.headers.location ?? otherwise
  if (location === undefined) throw new BerthError('UNAVAILABLE', 'the registry names no place for the upload')
  return location
}

/** `Range: 0-1023` are 1024 bytes. Of nothing distribution says `0-0`: one byte may be sent twice, never left out, and the digest would show it. */
function receivedOf(response: IncomingMessage, size: number): number {
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(String(response.headers['range'] ?? ''))?.[1] ?? 0)
  return last === 0 ? 0 : Math.min(last + 1, size)
}
