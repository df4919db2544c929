import * as z from 'zod/mini'
import { BerthError } from '../../../schemas/errors.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import { readBody, send, type Way } from './request.ts'

const TokenAnswer = z.object({
  token: z.optional(z.string()),
  access_token: z.optional(z.string()),
  refresh_token: z.optional(z.string()),
})

export interface Tokens {
  /** Value of `Authorization`; undefined when there is nothing to show. */
  readonly authorization: string | undefined
  /** Only after a login that asked for one. */
  readonly refreshToken?: string
}

/**
 * Answers a registry's challenge: Basic with the password, Bearer with a token fetched from the realm (distribution specification, "token
 * authentication": GET with a password, POST with a refresh token). `scopes` are asked for beside the challenge's own.
 */
export async function answerChallenge(
  challenge: Challenge,
  credentials: Credentials | undefined,
  scopes: readonly string[],
  way: Way,
  signal: AbortSignal,
  wantsRefreshToken = false,
): Promise<Tokens> {
  if (credentials?.kind === 'registryToken') return { authorization: `Bearer ${credentials.token}` }
  if (challenge.scheme === 'basic') return { authorization: basicOf(credentials) }
  const realm = realmOf(challenge.realm)
  const asked = [...new Set([...(challenge.scope === undefined ? [] : [challenge.scope]), ...scopes])]
  const response =
    credentials?.kind === 'identityToken'
      ? await postForm(realm, way, signal, {
          grant_type: 'refresh_token',
          service: challenge.service ?? realm.host,
          client_id: 'berth',
          refresh_token: credentials.token,
          scope: asked.join(' '),
        })
      : await getToken(tokenUrl(realm, challenge, credentials, asked, wantsRefreshToken), credentials, way, signal)
  const body = await readBody(response, 1024 * 1024)
  if (response.statusCode !== 200) throw refused(response.statusCode ?? 0, realm)
  const { token, access_token: access, refresh_token: refreshToken } = parseAnswer(body, realm)
  const bearer = token ?? access
  return {
    authorization: bearer === undefined ? undefined : `Bearer ${bearer}`,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  }
}

/** As dockerd asks: `account` for servers that log it, `offline_token` at a login. */
function tokenUrl(
  realm: URL,
  challenge: Extract<Challenge, { scheme: 'bearer' }>,
  credentials: Credentials | undefined,
  scopes: readonly string[],
  wantsRefreshToken: boolean,
): URL {
  const url = new URL(realm)
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service)
  if (credentials?.kind === 'password') url.searchParams.set('account', credentials.username)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  if (!wantsRefreshToken) return url
  url.searchParams.set('offline_token', 'true')
  url.searchParams.set('client_id', 'berth')
  return url
}

function getToken(url: URL, credentials: Credentials | undefined, way: Way, signal: AbortSignal) {
  const basic = basicOf(credentials)
  const headers = { 'user-agent': 'berth', ...(basic === undefined ? {} : { authorization: basic }) }
  return send(url, way, { headers, signal })
}

function postForm(realm: URL, way: Way, signal: AbortSignal, form: Readonly<Record<string, string>>) {
  const body = Buffer.from(new URLSearchParams(form).toString())
  const headers = {
    'user-agent': 'berth',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  }
  return send(realm, way, { method: 'POST', headers, body, signal })
}

function parseAnswer(body: Buffer, realm: URL): z.infer<typeof TokenAnswer> {
  try {
    return TokenAnswer.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new BerthError('UNAVAILABLE', `${realm.origin} answers no token`, { cause })
  }
}

function realmOf(text: string): URL {
  if (!URL.canParse(text)) throw new BerthError('UNAVAILABLE', `the registry names no valid token server: "${text}"`)
  return new URL(text)
}

function refused(status: number, realm: URL): BerthError {
  return status === 401 || status === 403
    ? new BerthError('UNAUTHORIZED', 'unauthorized: incorrect username or password')
    : new BerthError('UNAVAILABLE', `the token server ${realm.host} answers ${status}`)
}

function basicOf(credentials: Credentials | undefined): string | undefined {
  if (credentials?.kind !== 'password') return undefined
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}
