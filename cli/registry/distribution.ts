import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import { type AuthConfig, DockerConfig } from './docker-config.ts'
import { serverOfReference } from './registry-name.ts'
import { isLoopbackHost, parseRepository, type Repository } from './repository.ts'
import { type Answer, type RequestOptions, request } from './request.ts'

const Token = z.object({ token: z.optional(z.string()), access_token: z.optional(z.string()) })

export interface FetchedManifest {
  readonly content: Buffer
  readonly mediaType: string
  readonly digest: string
}

export function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/**
 * One repository of a registry, for small documents such as published stacks (OCI distribution specification 1.1); images go through the engine.
 * Credentials are those of the docker command's config.json.
 */
export class Distribution {
  readonly repository: Repository
  readonly #auth: AuthConfig | undefined
  readonly #action: 'pull' | 'pull,push'
  readonly #world: World
  #scheme: 'https' | 'http' = 'https'
  #authorization: string | undefined

  private constructor(
    repository: Repository,
    auth: AuthConfig | undefined,
    action: 'pull' | 'pull,push',
    world: World,
  ) {
    this.repository = repository
    this.#auth = auth
    this.#action = action
    this.#world = world
  }

  /** Throws INVALID_ARGUMENT for what is no name of a repository. */
  static async open(
    env: Readonly<Record<string, string | undefined>>,
    reference: string,
    action: 'pull' | 'pull,push',
    signal: AbortSignal,
  ): Promise<Distribution> {
    const repository = parseRepository(reference)
    if (repository === undefined)
      throw new BerthError('INVALID_ARGUMENT', `${JSON.stringify(reference)} is no name of a repository`, {
        hint: 'write HOST/NAME:TAG, or NAME:TAG for Docker Hub',
      })
    const auth = await (await DockerConfig.read(env)).find(serverOfReference(reference))
    return new Distribution(repository, auth, action, { certificateFile: env.SSL_CERT_FILE, signal })
  }

  /** The manifest of the repository's tag or digest, checked against a digest. */
  async manifest(accept: readonly string[]): Promise<FetchedManifest> {
    const { version } = this.repository
    const answer = await this.#send(`manifests/${version}`, { headers: { accept: accept.join(', ') } }, [200])
    const digest = digestOf(answer.body)
    if (version.startsWith('sha256:') && version !== digest) throw this.#corrupt(version)
    return { content: answer.body, mediaType: String(answer.headers['content-type'] ?? ''), digest }
  }

  async blob(digest: string): Promise<Buffer> {
    const { body } = await this.#send(`blobs/${digest}`, {}, [200])
    if (digestOf(body) !== digest) throw this.#corrupt(digest)
    return body
  }

  /** Sends a blob in one piece unless the registry has it. */
  async putBlob(content: Buffer): Promise<void> {
    const digest = digestOf(content)
    const known = await this.#send(`blobs/${digest}`, { method: 'HEAD' }, [200, 404])
    if (known.status === 200) return
    const begun = await this.#send('blobs/uploads/', { method: 'POST', body: Buffer.alloc(0) }, [202])
    const location = this.#url(String(begun.headers.location ?? ''))
    location.searchParams.set('digest', digest)
    const headers = { 'content-type': 'application/octet-stream' }
    await this.#send(location.href, { method: 'PUT', body: content, headers }, [201])
  }

  async putManifest(content: Buffer, mediaType: string): Promise<void> {
    const headers = { 'content-type': mediaType }
    await this.#send(`manifests/${this.repository.version}`, { method: 'PUT', body: content, headers }, [201])
  }

  #url(path: string): URL {
    const { host, path: name } = this.repository
    return new URL(path, `${this.#scheme}://${host}/v2/${name}/`)
  }

  async #send(path: string, options: Wish, expected: readonly number[]): Promise<Answer> {
    let answer = await this.#authorized(path, options)
    if (answer.status === 401 && this.#url(path).host === this.repository.host) {
      await this.#authorize(String(answer.headers['www-authenticate'] ?? ''))
      answer = await this.#authorized(path, options)
    }
    if (expected.includes(answer.status)) return answer
    const { host, path: name, version } = this.repository
    const what = `${host}/${name}${version.startsWith('sha256:') ? '@' : ':'}${version}`
    if (answer.status === 404) throw new BerthError('NOT_FOUND', `${what} is not found`)
    if (answer.status === 401 || answer.status === 403)
      throw new BerthError('FORBIDDEN', `${host} refuses ${this.#action === 'pull' ? 'to give' : 'to take'} ${what}`, {
        hint: `log in with an account that may: berth login ${host}`,
      })
    const said = answer.body.toString('utf8', 0, 300).trim()
    throw new BerthError('UNAVAILABLE', `the registry ${host} answers ${answer.status} for ${what}: ${said}`)
  }

  async #authorized(path: string, options: Wish): Promise<Answer> {
    const authorization = this.#authorization
    const own = authorization === undefined ? {} : { authorization }
    const send = () => request(this.#url(path), { ...options, headers: { ...options.headers, ...own }, ...this.#world })
    try {
      return await send()
    } catch (cause) {
      if (this.#scheme === 'https' && isLoopbackHost(this.repository.host) && isPlainAnswer(cause)) {
        this.#scheme = 'http'
        return this.#authorized(path, options)
      }
      if (cause instanceof BerthError || this.#world.signal.aborted) throw cause
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new BerthError('UNAVAILABLE', `cannot reach the registry ${this.repository.host}: ${message}`, { cause })
    }
  }

  /** Answers a challenge: `Basic`, or a token of the place that `Bearer` names. */
  async #authorize(challenge: string): Promise<void> {
    const { username = '', password = '', identitytoken, registrytoken } = this.#auth ?? {}
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const hasPassword = username !== ''
    if (/^basic\b/i.test(challenge)) {
      if (hasPassword) this.#authorization = basic
      return
    }
    if (registrytoken !== undefined) {
      this.#authorization = `Bearer ${registrytoken}`
      return
    }
    const { realm, service } = parameters(challenge)
    if (realm === undefined) return
    const scope = `repository:${this.repository.path}:${this.#action}`
    const answer = await request(
      ...tokenRequest(new URL(realm), { service, scope, identitytoken, basic, hasPassword }, this.#world),
    )
    const token = answer.status === 200 ? tokenOf(answer.body.toString()) : undefined
    if (token !== undefined) this.#authorization = `Bearer ${token}`
  }

  #corrupt(digest: string): BerthError {
    return new BerthError('UNAVAILABLE', `${this.repository.host} sent something else for ${digest}`)
  }
}

type Wish = Omit<RequestOptions, 'certificateFile' | 'signal'>
type World = Pick<RequestOptions, 'certificateFile' | 'signal'>

interface TokenWish {
  readonly service: string | undefined
  readonly scope: string
  readonly identitytoken: string | undefined
  readonly basic: string
  readonly hasPassword: boolean
}

/** A token for a password by GET, for an identity token by POST (docs of distribution, "token authentication" and "OAuth2"). */
function tokenRequest(realm: URL, wish: TokenWish, world: World): readonly [URL, RequestOptions] {
  const { service, scope, identitytoken, basic, hasPassword } = wish
  if (identitytoken !== undefined) {
    const form = {
      grant_type: 'refresh_token',
      client_id: 'berth',
      service: service ?? '',
      scope,
      refresh_token: identitytoken,
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return [realm, { method: 'POST', headers, body: Buffer.from(new URLSearchParams(form).toString()), ...world }]
  }
  if (service !== undefined) realm.searchParams.set('service', service)
  realm.searchParams.set('scope', scope)
  return [realm, { headers: hasPassword ? { authorization: basic } : {}, ...world }]
}

/** Undefined where a server says something else: the registry's refusal tells more then. */
function tokenOf(text: string): string | undefined {
  try {
    const { token, access_token } = z.parse(Token, JSON.parse(text))
    return token ?? access_token
  } catch {
    return undefined
  }
}

/** `Bearer realm="...",service="..."` */
function parameters(challenge: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]))
}

/** A server of plain HTTP met with TLS. */
function isPlainAnswer(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['EPROTO', 'ECONNRESET', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'].includes(code)
}
