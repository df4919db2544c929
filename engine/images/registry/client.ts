import type { IncomingMessage } from 'node:http'
import * as z from 'zod/mini'
import { BerthError } from '../../../schemas/errors.ts'
import { maxDocumentBytes } from '../blobs.ts'
import { mediaTypes } from '../oci.ts'
import { isTransient, readBody } from './request.ts'
import { RegistrySession, type SessionOptions } from './session.ts'

export interface FetchedDocument {
  readonly content: Buffer
  readonly mediaType: string
}

const manifestTypes = [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerIndex, mediaTypes.dockerManifest].join(
  ', ',
)

const TagList = z.object({ tags: z.nullable(z.array(z.string())) })
const maxTagPages = 100

/** Reads one repository of a registry: OCI distribution specification 1.1, and Docker's registry HTTP API v2. */
export class RegistryClient {
  readonly #session: RegistrySession
  readonly #maxResumes: number

  constructor(options: Omit<SessionOptions, 'scopes'>) {
    this.#session = new RegistrySession({ ...options, scopes: [`repository:${options.reference.path}:pull`] })
    this.#maxResumes = options.settings.maxAttempts
  }

  /** A manifest or index by tag or digest; nothing is verified here. */
  async manifest(tagOrDigest: string, signal: AbortSignal): Promise<FetchedDocument> {
    const response = await this.#get(`manifests/${tagOrDigest}`, { accept: manifestTypes }, signal)
    const mediaType = (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? ''
    return { content: await readBody(response, maxDocumentBytes), mediaType }
  }

  async document(digest: string, signal: AbortSignal): Promise<Buffer> {
    return readBody(await this.#get(`blobs/${digest}`, {}, signal), maxDocumentBytes)
  }

  /** All tags, page by page (`Link`, distribution specification "listing tags"). */
  async tags(signal: AbortSignal): Promise<readonly string[]> {
    const found: string[] = []
    let next: string | undefined = 'tags/list'
    for (let page = 0; next !== undefined && page < maxTagPages; page++) {
      const response: IncomingMessage = await this.#get(next, {}, signal)
      const { tags } = TagList.parse(JSON.parse((await readBody(response, maxDocumentBytes)).toString('utf8')))
      found.push(...(tags ?? []))
      next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(response.headers['link'] ?? ''))?.[1]
    }
    return found
  }

  /** A blob's bytes, from `sources` when the registry has none; a connection that breaks is taken up where it broke. */
  async *blob(
    digest: string,
    signal: AbortSignal,
    sources: readonly string[] = [],
  ): AsyncGenerator<Buffer, void, undefined> {
    let received = 0
    let path = `blobs/${digest}`
    const others = sources.filter(source => /^https?:/i.test(source) && URL.canParse(source))
    for (let resumes = 0; ; resumes++) {
      try {
        const range: Record<string, string> = received === 0 ? {} : { range: `bytes=${received}-` }
        const response = await this.#get(path, range, signal)
        // 200 to a range: the registry sends everything again.
        let toSkip = response.statusCode === 206 ? 0 : received
        for await (const chunk of response as AsyncIterable<Buffer>) {
          const fresh = chunk.subarray(Math.min(toSkip, chunk.length))
          toSkip -= chunk.length - fresh.length
          received += fresh.length
          if (fresh.length > 0) yield fresh
        }
        return
      } catch (error) {
        const next = isMissing(error) && received === 0 ? others.shift() : undefined
        if (next !== undefined) {
          path = next
          continue
        }
        if (signal.aborted || !isTransient(error) || resumes === this.#maxResumes) throw explained(error, digest)
      }
    }
  }

  #get(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#session.request(this.#session.url(path), [200, 206], { headers, signal })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof BerthError && error.code === 'NOT_FOUND'
}

function explained(error: unknown, digest: string): unknown {
  if (error instanceof BerthError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new BerthError('UNAVAILABLE', `the connection broke while ${digest} was fetched: ${message}`, { cause: error })
}
