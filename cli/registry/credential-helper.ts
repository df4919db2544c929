import { spawn } from 'node:child_process'
import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'

export interface HelperCredentials {
  readonly username: string
  readonly secret: string
}

const Answer = z.object({ Username: z.string(), Secret: z.string() })

/** docker-credential-helpers' own words, which programs that use them look for. */
const notFound = 'credentials not found in native keychain'

/**
 * One call of `docker-credential-<name>` (https://github.com/docker/docker-credential-helpers#development): `get` answers credentials or undefined,
 * `store` and `erase` answer nothing. Throws UNAVAILABLE when the program is missing or fails.
 */
export async function getFromHelper(name: string, server: string): Promise<HelperCredentials | undefined> {
  const { code, stdout, stderr } = await call(name, 'get', server)
  if (code === 0) {
    const parsed = z.safeParse(Answer, parseJson(stdout))
    if (parsed.success) return { username: parsed.data.Username, secret: parsed.data.Secret }
    throw failed(name, 'get', 'it answered no credentials')
  }
  const said = (stdout + stderr).trim()
  if (said.includes(notFound)) return undefined
  throw failed(name, 'get', said)
}

export async function storeInHelper(name: string, server: string, credentials: HelperCredentials): Promise<void> {
  const body = { ServerURL: server, Username: credentials.username, Secret: credentials.secret }
  const { code, stdout, stderr } = await call(name, 'store', JSON.stringify(body))
  if (code !== 0) throw failed(name, 'store', (stdout + stderr).trim())
}

export async function eraseFromHelper(name: string, server: string): Promise<void> {
  const { code, stdout, stderr } = await call(name, 'erase', server)
  const said = (stdout + stderr).trim()
  if (code !== 0 && !said.includes(notFound)) throw failed(name, 'erase', said)
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function call(name: string, action: 'get' | 'store' | 'erase', input: string): Promise<Ended> {
  if (!/^[\w.-]+$/.test(name))
    throw new BerthError('INVALID_ARGUMENT', `"${name}" in config.json is no name of a credential helper`)
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [action], { stdio: 'pipe' })
    const written = { stdout: '', stderr: '' }
    child.stdout.on('data', chunk => (written.stdout += chunk))
    child.stderr.on('data', chunk => (written.stderr += chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(`${input}\n`)
    child.once('error', cause => reject(failed(name, action, cause.message, cause)))
    child.once('close', code => resolve({ code, ...written }))
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failed(name: string, action: string, said: string, cause?: unknown): BerthError {
  return new BerthError('UNAVAILABLE', `docker-credential-${name} ${action}: ${said || 'it failed'}`, {
    cause,
    hint: 'config.json names it in credsStore or credHelpers',
  })
}
