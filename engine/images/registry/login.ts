import { BerthError } from '../../../schemas/errors.ts'
import { answerChallenge } from './authorizer.ts'
import { parseChallenge } from './challenge.ts'
import { type AuthConfig, credentialsOf } from './credentials.ts'
import { type Endpoint, endpointsOf } from './endpoint.ts'
import { tryEndpoints } from './fall-through.ts'
import { send } from './request.ts'
import type { RegistrySettings } from './settings.ts'

/**
 * POST /auth: proves a login to the registry of `serveraddress` (empty or Docker's index: Docker Hub). Answers dockerd's words, and
 * the token that is as good as the password where the registry gives one; UNAUTHORIZED when the
 * registry refuses it.
 */
export async function checkLogin(
  config: AuthConfig,
  settings: RegistrySettings,
  signal: AbortSignal,
): Promise<{ Status: string; IdentityToken: string }> {
  const credentials = credentialsOf(config)
  const endpoints = await endpointsOf(domainOf(config.serveraddress ?? ''), 'push', settings)
  const IdentityToken = await tryEndpoints(endpoints, signal, async endpoint => {
    const url = new URL(`${endpoint.origin}/v2/`)
    const first = await send(url, endpoint, { headers: { 'user-agent': 'berth' }, signal })
    first.resume()
    if (first.statusCode === 200) return ''
    const challenge = parseChallenge(first.headers['www-authenticate'] ?? '')
    if (first.statusCode !== 401 || challenge === undefined) throw noRegistry(endpoint, first.statusCode)
    const { authorization, refreshToken } = await answerChallenge(challenge, credentials, [], endpoint, signal, true)
    const headers = { 'user-agent': 'berth', ...(authorization === undefined ? {} : { authorization }) }
    const second = await send(url, endpoint, { headers, signal })
    second.resume()
    if (second.statusCode === 401) {
      throw new BerthError('UNAUTHORIZED', `login attempt to ${url.href} failed with status: 401 Unauthorized`)
    }
    if (second.statusCode !== 200) throw noRegistry(endpoint, second.statusCode)
    return refreshToken ?? ''
  })
  return { Status: 'Login Succeeded', IdentityToken }
}

/** `https://index.docker.io/v1/` -> `docker.io`, `https://host:5000/v2/` -> `host:5000`. */
export function domainOf(serverAddress: string): string {
  const host = serverAddress.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return ['', 'docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host
}

function noRegistry({ origin }: Endpoint, status: number | undefined): BerthError {
  return new BerthError('UNAVAILABLE', `${origin}/v2/ answers ${status}: no registry that one can log in to`)
}
