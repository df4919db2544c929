import type { IncomingMessage } from 'node:http'
import * as z from 'zod/mini'
import { BerthError } from '../../../schemas/errors.ts'
import { maxDocumentBytes } from '../blobs.ts'
import { mediaTypes } from '../oci.ts'
import { familiarName, familiarRepository, type Reference } from '../reference.ts'
import { type Challenge, parseChallenge } from './challenge.ts'
import { readBody, send } from './request.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface FetchedDocument {
  readonly content: Buffer
  readonly mediaType: string
}

const manifestTypes = [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerIndex, mediaTypes.dockerManifest].join(
  ', ',
)
/** Connections that broke in the middle of a blob and were taken up again. */
const maxResumes = 5

const TokenAnswer = z.object({ token: z.optional(z.string()), access_token: z.optional(z.string()) })
const ErrorAnswer = z.object({
  errors: z.array(z.object({ code: z.optional(z.string()), message: z.optional(z.string()) })),
})

/** Reads one repository of a registry: OCI distribution specification 1.1, and Docker's registry HTTP API v2. */
export class RegistryClient {
  readonly #reference: Reference
  readonly #base: URL
  readonly #credentials: Credentials | undefined
  #authorization: string | undefined

  constructor(reference: Reference, credentials: Credentials | undefined) {
    this.#reference = reference
    this.#credentials = credentials
    this.#base = new URL(`${originOf(reference.domain)}/v2/${reference.path}/`)
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

  /** A blob's bytes; a connection that breaks is taken up where it broke. */
  async *blob(digest: string, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    let received = 0
    for (let resumes = 0; ; resumes++) {
      try {
        const range: Record<string, string> = received === 0 ? {} : { range: `bytes=${received}-` }
        const response = await this.#get(`blobs/${digest}`, range, signal)
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
        const isBroken = !(error instanceof BerthError) || error.code === 'UNAVAILABLE'
        if (signal.aborted || !isBroken || resumes === maxResumes) throw error
      }
    }
  }

  async #get(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(path, this.#base)
    const first = await send(url, { headers: this.#authorized(headers), signal })
    if (first.statusCode !== 401) return this.#checked(first)
    const challenge = parseChallenge(first.headers['www-authenticate'] ?? '')
    if (challenge === undefined) return this.#checked(first)
    first.resume()
    this.#authorization = await this.#authorize(challenge, signal)
    return this.#checked(await send(url, { headers: this.#authorized(headers), signal }))
  }

  #authorized(headers: Readonly<Record<string, string>>): Record<string, string> {
    return {
      'user-agent': 'berth',
      ...headers,
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
    }
  }

  async #authorize(challenge: Challenge, signal: AbortSignal): Promise<string | undefined> {
    const basic = this.#credentials === undefined ? undefined : basicOf(this.#credentials)
    if (challenge.scheme === 'basic') return basic
    const url = new URL(challenge.realm)
    if (challenge.service !== undefined) url.searchParams.set('service', challenge.service)
    url.searchParams.set('scope', challenge.scope ?? `repository:${this.#reference.path}:pull`)
    const headers = { 'user-agent': 'berth', ...(basic === undefined ? {} : { authorization: basic }) }
    const response = await this.#checked(await send(url, { headers, signal }))
    const answer = TokenAnswer.parse(JSON.parse((await readBody(response, 1024 * 1024)).toString('utf8')))
    const token = answer.token ?? answer.access_token
    return token === undefined ? undefined : `Bearer ${token}`
  }

  /** Turns what is no success into dockerd's words. */
  async #checked(response: IncomingMessage): Promise<IncomingMessage> {
    const status = response.statusCode ?? 0
    if (status === 200 || status === 206) return response
    const detail = describeErrors(await readBody(response, 64 * 1024).catch(() => Buffer.alloc(0)))
    const name = familiarName(this.#reference)
    if (status === 404) throw new BerthError('NOT_FOUND', `manifest for ${name} not found: ${detail || 'not found'}`)
    if (status === 401 || status === 403) {
      throw new BerthError(
        'NOT_FOUND',
        `pull access denied for ${familiarRepository(this.#reference)}, repository does not exist or may require 'docker login': ${detail || 'denied'}`,
      )
    }
    if (status === 429) {
      const after = response.headers['retry-after']
      throw new BerthError('UNAVAILABLE', `toomanyrequests: ${detail || 'the registry limits the rate of pulls'}`, {
        hint: after === undefined ? 'log in, or try later' : `try again after ${after} s`,
      })
    }
    throw new BerthError('UNAVAILABLE', `the registry ${this.#base.host} answers ${status} for ${name}: ${detail}`)
  }
}

/** Registries on this host are spoken to without TLS, as dockerd does it. */
function originOf(domain: string): string {
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host)
  return `${isLocal ? 'http' : 'https'}://${host}`
}

function basicOf({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function describeErrors(body: Buffer): string {
  try {
    const { errors } = ErrorAnswer.parse(JSON.parse(body.toString('utf8')))
    return errors
      .map(({ code, message }) => [code?.toLowerCase().replaceAll('_', ' '), message].filter(Boolean).join(': '))
      .join('; ')
  } catch {
    return ''
  }
}
