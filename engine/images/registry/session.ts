import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod/mini'
import { BerthError } from '../../../schemas/errors.ts'
import { familiarName, familiarRepository, type Reference } from '../reference.ts'
import { answerChallenge } from './authorizer.ts'
import { type Challenge, parseChallenge } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'
import { isTransient, readBody, type SendOptions, send } from './request.ts'
import type { RegistrySettings } from './settings.ts'

export interface SessionOptions {
  readonly reference: Reference
  readonly endpoint: Endpoint
  readonly credentials: Credentials | undefined
  /** `repository:team/app:pull,push`; more than the challenge asks for, when several repositories are touched. */
  readonly scopes: readonly string[]
  readonly settings: Pick<RegistrySettings, 'maxAttempts' | 'retryDelayMs'>
}

const ErrorAnswer = z.object({
  errors: z.array(z.object({ code: z.optional(z.string()), message: z.optional(z.string()) })),
})

/** Authenticated requests to one repository at one endpoint; what fails for a moment is tried again. */
export class RegistrySession {
  readonly #options: SessionOptions
  readonly #base: URL
  #authorization: string | undefined
  /** Several requests that are challenged at once share the token. */
  #authorizing: Promise<void> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#base = new URL(`${options.endpoint.origin}/v2/${options.reference.path}/`)
  }

  /** Where a path relative to the repository, or a `Location`, points. */
  url(pathOrLocation: string): URL {
    return new URL(pathOrLocation, this.#base)
  }

  /** The answer, if its status is one of `expected`; otherwise throws what it means. A body that is a stream is sent once only. */
  async request(url: URL, expected: readonly number[], options: SendOptions): Promise<IncomingMessage> {
    const { maxAttempts, retryDelayMs } = this.#options.settings
    const isRepeatable = options.body === undefined || Buffer.isBuffer(options.body)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#checked(await this.#authorizedSend(url, options), url, expected)
      } catch (error) {
        if (!isRepeatable || !isTransient(error) || attempt >= maxAttempts) throw error
        await delay(retryDelayMs * 2 ** (attempt - 1), undefined, { signal: options.signal }).catch(() => {
          throw error
        })
      }
    }
  }

  async #authorizedSend(url: URL, options: SendOptions): Promise<IncomingMessage> {
    const used = this.#authorization
    const first = await this.#send(url, options)
    // Another host's challenge (of an upload's location, of a foreign layer) would have our password go where it says.
    if (first.statusCode !== 401 || url.origin !== this.#base.origin) return first
    const challenge = parseChallenge(first.headers['www-authenticate'] ?? '')
    const isSpent = options.body !== undefined && !Buffer.isBuffer(options.body)
    if (challenge === undefined || isSpent) return first
    first.resume()
    // Another request may have fetched a token since this one was sent.
    if (this.#authorization === used) {
      this.#authorizing ??= this.#authorize(challenge, options.signal).finally(() => {
        this.#authorizing = undefined
      })
      await this.#authorizing
    }
    return this.#send(url, options)
  }

  #send(url: URL, options: SendOptions): Promise<IncomingMessage> {
    // An upload's location may be another host's: that one gets no credentials of this registry.
    const isOurs = url.origin === this.#base.origin
    const headers = {
      'user-agent': 'berth',
      ...options.headers,
      ...(this.#authorization === undefined || !isOurs ? {} : { authorization: this.#authorization }),
    }
    return send(url, this.#options.endpoint, { ...options, headers })
  }

  async #authorize(challenge: Challenge, signal: AbortSignal | undefined): Promise<void> {
    const { credentials, scopes, endpoint } = this.#options
    const wait = signal ?? new AbortController().signal
    try {
      this.#authorization = (await answerChallenge(challenge, credentials, scopes, endpoint, wait)).authorization
    } catch (error) {
      if (error instanceof BerthError && error.code === 'UNAUTHORIZED') throw this.#denied(error.message)
      throw error
    }
  }

  /** Turns what is no success into dockerd's words. */
  async #checked(response: IncomingMessage, url: URL, expected: readonly number[]): Promise<IncomingMessage> {
    const status = response.statusCode ?? 0
    if (expected.includes(status)) return response
    const detail = describeErrors(await readBody(response, 64 * 1024).catch(() => Buffer.alloc(0)))
    const name = familiarName(this.#options.reference)
    const { host } = this.#base
    const blob = /\/blobs\/(sha256:[0-9a-f]{64})/.exec(url.pathname)?.[1]
    const what = blob === undefined ? `manifest for ${name}` : `${blob}, a part of ${name},`
    if (status === 404) throw new BerthError('NOT_FOUND', `${what} not found: ${detail || 'not found'}`)
    if (status === 401 || status === 403) throw this.#denied(detail || 'denied')
    if (status === 429) throw rateLimited(response, detail, host, this.#options.credentials === undefined)
    const cause = Object.assign(new Error(`HTTP status ${status}`), {
      code: status >= 500 || status === 408 ? 'HTTP_STATUS' : 'HTTP_REFUSED',
    })
    throw new BerthError('UNAVAILABLE', `the registry ${host} answers ${status} for ${name}: ${detail}`, { cause })
  }

  #denied(detail: string): BerthError {
    const { reference, scopes } = this.#options
    const repository = familiarRepository(reference)
    if (scopes.some(scope => scope.includes('push'))) {
      return new BerthError('FORBIDDEN', `push access denied for ${repository}: ${detail}`, {
        hint: `log in with an account that may push: berth login ${reference.domain}`,
      })
    }
    return new BerthError(
      'NOT_FOUND',
      `pull access denied for ${repository}, repository does not exist or may require 'docker login': ${detail}`,
    )
  }
}

/** Docker Hub says `ratelimit-limit: 100;w=21600` (pulls; seconds), others `Retry-After` (seconds or a date). */
function rateLimited(response: IncomingMessage, detail: string, host: string, isAnonymous: boolean): BerthError {
  const [, pulls, seconds] = /^(\d+)(?:;w=(\d+))?/.exec(String(response.headers['ratelimit-limit'] ?? '')) ?? []
  const hours = Number(seconds ?? 0) / 3600
  const limit = pulls === undefined ? '' : ` (its limit is ${pulls} pulls${hours > 0 ? ` in ${hours} hours` : ''})`
  const after = response.headers['retry-after']
  const when =
    after === undefined ? 'try again later' : `try again after ${/^\d+$/.test(after) ? `${after} seconds` : after}`
  return new BerthError(
    'UNAVAILABLE',
    `toomanyrequests: ${detail || 'the registry limits the rate of pulls'}: ${host} takes no more requests now${limit}`,
    { hint: isAnonymous ? `${when}, or log in for a higher limit: berth login` : when },
  )
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
