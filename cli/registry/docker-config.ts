import { chmod, mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import { eraseFromHelper, getFromHelper, storeInHelper } from './credential-helper.ts'
import { hostOf, hubServer } from './registry-name.ts'

/** Docker's AuthConfig, as POST /auth and X-Registry-Auth take it. */
export interface AuthConfig {
  readonly username?: string
  readonly password?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
  readonly serveraddress: string
}

const StoredAuth = z.looseObject({
  auth: z.optional(z.string()),
  username: z.optional(z.string()),
  password: z.optional(z.string()),
  identitytoken: z.optional(z.string()),
  registrytoken: z.optional(z.string()),
})

const Content = z.looseObject({
  auths: z.optional(z.record(z.string(), StoredAuth)),
  credsStore: z.optional(z.string()),
  credHelpers: z.optional(z.record(z.string(), z.string())),
})
type Content = z.infer<typeof Content>

/** What a helper calls the user whose secret is a refresh token. */
const tokenUser = '<token>'

/** The docker command's config.json: credentials of registries, and much else that is kept as it is. */
export class DockerConfig {
  readonly path: string
  #content: Content

  private constructor(path: string, content: Content) {
    this.path = path
    this.#content = content
  }

  /** Reads `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`; an absent file is an empty one. Throws INVALID_ARGUMENT for a damaged one. */
  static async read(env: Readonly<Record<string, string | undefined>>): Promise<DockerConfig> {
    const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json')
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new DockerConfig(path, {})
      throw new BerthError('INVALID_ARGUMENT', `cannot read ${path}: ${(cause as Error).message}`, { cause })
    }
    try {
      return new DockerConfig(path, Content.parse(text.trim() === '' ? {} : JSON.parse(text)))
    } catch (cause) {
      throw new BerthError('INVALID_ARGUMENT', `${path} is no valid configuration of docker`, {
        cause,
        hint: 'mend it, or move it away and log in again',
      })
    }
  }

  /** What is known for a server (`hubServer` or a host); undefined for nothing. */
  async find(server: string): Promise<AuthConfig | undefined> {
    const helper = this.#helperOf(server)
    if (helper !== undefined) {
      const found = await getFromHelper(helper, server)
      if (found === undefined) return undefined
      return found.username === tokenUser
        ? { identitytoken: found.secret, serveraddress: server }
        : { username: found.username, password: found.secret, serveraddress: server }
    }
    const auths = this.#content.auths ?? {}
    const key = Object.hasOwn(auths, server)
      ? server
      : Object.keys(auths).find(other => hostOf(other) === hostOf(server))
    const stored = key === undefined ? undefined : auths[key]
    return stored === undefined ? undefined : decode(stored, server, this.path)
  }

  /** Keeps credentials where config.json says: a helper, or the file itself. Answers whether they lie in the file in plain. */
  async store(server: string, { username = '', password = '', identitytoken = '' }: AuthConfig): Promise<boolean> {
    const helper = this.#helperOf(server)
    if (helper !== undefined) {
      const credentials =
        identitytoken === '' ? { username, secret: password } : { username: tokenUser, secret: identitytoken }
      await storeInHelper(helper, server, credentials)
      return false
    }
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    const entry =
      identitytoken === '' ? { auth } : { auth: Buffer.from(`${username}:`).toString('base64'), identitytoken }
    await this.#write({ ...this.#content, auths: { ...this.#content.auths, [server]: entry } })
    return true
  }

  /** Forgets a server's credentials; false when there were none in the file. */
  async erase(server: string): Promise<boolean> {
    const helper = this.#helperOf(server)
    if (helper !== undefined) await eraseFromHelper(helper, server)
    const auths = Object.entries(this.#content.auths ?? {})
    const left = auths.filter(([key]) => key !== server && hostOf(key) !== hostOf(server))
    if (left.length === auths.length) return helper !== undefined
    await this.#write({ ...this.#content, auths: Object.fromEntries(left) })
    return true
  }

  #helperOf(server: string): string | undefined {
    const { credHelpers = {}, credsStore } = this.#content
    const own = credHelpers[server] ?? (server === hubServer ? credHelpers['docker.io'] : undefined)
    return own ?? (credsStore || undefined)
  }

  /** Replaced whole, for its owner's eyes only; a symbolic link stays one. */
  async #write(content: Content): Promise<void> {
    this.#content = content
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
    const path = await realpath(this.path).catch(() => this.path)
    const mode = await stat(path).then(
      found => found.mode & 0o777,
      () => 0o600,
    )
    const temporary = `${path}.${process.pid}.tmp`
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(content, undefined, '\t'))
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(temporary, mode)
    await rename(temporary, path)
  }
}

function decode(stored: z.infer<typeof StoredAuth>, server: string, path: string): AuthConfig | undefined {
  const { auth, username, password, identitytoken, registrytoken } = stored
  if (registrytoken) return { registrytoken, serveraddress: server }
  if (identitytoken) return { identitytoken, serveraddress: server }
  if (username) return { username, password: password ?? '', serveraddress: server }
  if (!auth) return undefined
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0)
    throw new BerthError('INVALID_ARGUMENT', `${path}: the auth of ${server} is no base64 of "user:password"`)
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, ''), serveraddress: server }
}
