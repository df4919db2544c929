import { randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { type LoopbackServer, startLoopback } from './loopback-server.ts'
import type { Certificate } from './registry.ts'

export interface TokenUser {
  readonly password: string
  /** Of every repository. */
  readonly actions: readonly string[]
}

/** The token server of a registry (distribution specification, "token authentication"): Debian's registry trusts what `certificate` has signed. */
export class TokenServer implements AsyncDisposable {
  static readonly issuer = 'berth-test'
  static readonly service = 'berth-test-registry'
  /** What was asked for: `user scope scope…`. */
  readonly asked: string[] = []
  readonly refreshToken = randomUUID()
  readonly #users: Readonly<Record<string, TokenUser>>
  readonly #certificate: Certificate
  #server: LoopbackServer | undefined

  private constructor(certificate: Certificate, users: Readonly<Record<string, TokenUser>>) {
    this.#certificate = certificate
    this.#users = users
  }

  static async start(certificate: Certificate, users: Readonly<Record<string, TokenUser>>): Promise<TokenServer> {
    const server = new TokenServer(certificate, users)
    server.#server = await startLoopback(async (request, response) => {
      const url = new URL(request.url ?? '', 'http://token')
      const form = request.method === 'POST' ? new URLSearchParams(await text(request)) : undefined
      const scopes = form === undefined ? url.searchParams.getAll('scope') : (form.get('scope') ?? '').split(' ')
      const name = server.#userOf(request.headers.authorization, form)
      server.asked.push([name ?? 'nobody', ...scopes].join(' '))
      if (name === undefined) response.writeHead(401).end('{}')
      else {
        const refresh = url.searchParams.get('offline_token') === 'true' ? { refresh_token: server.refreshToken } : {}
        response.end(JSON.stringify({ token: server.#token(name, scopes), ...refresh }))
      }
    })
    return server
  }

  get realm(): string {
    return `http://${this.#server?.host}/token`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
  }

  /** Without a password anybody is `anonymous`; a wrong one is nobody. */
  #userOf(authorization: string | undefined, form: URLSearchParams | undefined): string | undefined {
    if (form !== undefined) return form.get('refresh_token') === this.refreshToken ? 'user' : undefined
    if (authorization === undefined) return 'anonymous'
    const [name = '', password] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')
    return this.#users[name]?.password === password ? name : undefined
  }

  #token(user: string, scopes: readonly string[]): string {
    const access = scopes.filter(Boolean).map(scope => {
      const [type = '', name = '', wanted = ''] = scope.split(/:(.*):/)
      const granted = this.#users[user]?.actions ?? []
      return { type, name, actions: wanted.split(',').filter(action => granted.includes(action)) }
    })
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      ...{ iss: TokenServer.issuer, aud: TokenServer.service, sub: user, jti: randomUUID() },
      ...{ iat: now, nbf: now - 60, exp: now + 300, access },
    }
    const pem = readFileSync(this.#certificate.certificate, 'utf8').replace(/-----[^-]+-----|\s/g, '')
    const body = [{ typ: 'JWT', alg: 'ES256', x5c: [pem] }, claims]
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const key = { key: readFileSync(this.#certificate.key), dsaEncoding: 'ieee-p1363' } as const
    return `${body}.${sign('sha256', Buffer.from(body), key).toString('base64url')}`
  }
}
