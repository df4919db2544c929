import * as z from 'zod/mini'
import { BerthError } from '../../../schemas/errors.ts'

/** Who asks a registry. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token of an earlier login (OAuth 2), exchanged for access tokens. */
  | { readonly kind: 'identityToken'; readonly token: string }
  /** A bearer token that is sent as it is. */
  | { readonly kind: 'registryToken'; readonly token: string }

/** Docker's AuthConfig: the body of POST /auth, and what `X-Registry-Auth` holds. */
export const AuthConfig = z.object({
  username: z.optional(z.string()),
  password: z.optional(z.string()),
  /** Base64 of `username:password`. */
  auth: z.optional(z.string()),
  email: z.optional(z.string()),
  serveraddress: z.optional(z.string()),
  identitytoken: z.optional(z.string()),
  registrytoken: z.optional(z.string()),
})
export type AuthConfig = z.infer<typeof AuthConfig>

/** undefined when nothing in it says who asks. Throws INVALID_ARGUMENT for an `auth` that is no base64 of `username:password`. */
export function credentialsOf(config: AuthConfig): Credentials | undefined {
  const { username, password, auth, identitytoken, registrytoken } = config
  if (registrytoken) return { kind: 'registryToken', token: registrytoken }
  if (identitytoken) return { kind: 'identityToken', token: identitytoken }
  if (username) return { kind: 'password', username, password: password ?? '' }
  if (!auth) return undefined
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon <= 0) throw new BerthError('INVALID_ARGUMENT', 'auth: expected base64 of "username:password"')
  return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** `X-Registry-Auth`: base64 of an AuthConfig in either alphabet, padded or not; what the docker command sends without a login is `{}`. */
export function readAuthHeader(header: string | readonly string[] | undefined): Credentials | undefined {
  if (typeof header !== 'string' || header === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(header, 'base64').toString('utf8'))
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', 'invalid X-Registry-Auth header: expected base64 of a JSON object', {
      cause,
    })
  }
  const parsed = z.safeParse(AuthConfig, value)
  if (parsed.success) return credentialsOf(parsed.data)
  throw new BerthError('INVALID_ARGUMENT', `invalid X-Registry-Auth header: ${parsed.error.issues[0]?.path.join('.')}`)
}
