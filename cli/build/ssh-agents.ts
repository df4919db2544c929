import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import type { SshSource } from '../plan/builds.ts'

export interface SshAgents extends AsyncDisposable {
  /** Sockets by id. */
  readonly sockets: Readonly<Record<string, { readonly socket: string }>>
}

/** Sockets of the agents that a build may use; for files of keys an agent of its own is started, which ends with the disposal. */
export async function openSshAgents(sources: readonly SshSource[], own: string | undefined): Promise<SshAgents> {
  const started: AsyncDisposable[] = []
  const dispose = async (): Promise<void> => {
    for (const agent of started.reverse()) await agent[Symbol.asyncDispose]()
  }
  const sockets: Record<string, { socket: string }> = {}
  try {
    for (const { id, paths } of sources) {
      const [first = own ?? ''] = paths
      if (first === '')
        throw new BerthError(
          'INVALID_ARGUMENT',
          `ssh ${id}: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set`,
          {
            hint: `or give a socket or keys: ${id || 'default'}=PATH`,
          },
        )
      const status = await stat(first).catch((cause: unknown) => {
        throw new BerthError('NOT_FOUND', `ssh ${id}: ${first} cannot be read`, { cause })
      })
      if (status.isSocket()) sockets[id] = { socket: first }
      else {
        const agent = await startAgent(id, paths)
        started.push(agent)
        sockets[id] = { socket: agent.socket }
      }
    }
  } catch (error) {
    await dispose()
    throw error
  }
  return { sockets, [Symbol.asyncDispose]: dispose }
}

/** By standard input: ssh-add refuses a file that others may read, as those of a repository are, and BuildKit takes it. */
async function addKey(id: string, key: string, socket: string): Promise<void> {
  const content = await readFile(key).catch((cause: unknown) => {
    throw new BerthError('NOT_FOUND', `ssh ${id}: ${key} cannot be read`, { cause })
  })
  const adding = spawn('ssh-add', ['-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], SSH_AUTH_SOCK: socket, SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' },
  })
  let words = ''
  adding.stderr.on('data', chunk => (words += String(chunk)))
  // One that has gone away says so by its exit code.
  adding.stdin.on('error', () => {})
  adding.stdin.end(content)
  const [code] = (await once(adding, 'close')) as [number | null]
  if (code === 0) return
  throw new BerthError('INVALID_ARGUMENT', `ssh ${id}: ${key}: ${words.trim()}`, {
    hint: 'keys with a passphrase need an agent',
  })
}

async function startAgent(id: string, keys: readonly string[]): Promise<AsyncDisposable & { readonly socket: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-ssh-'))
  const socket = join(folder, 'agent')
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  const dispose = async (): Promise<void> => {
    child.kill()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // It prints where it listens once it does.
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'error').then(([error]) => Promise.reject(error as Error)),
    ])
    for (const key of keys) await addKey(id, key, socket)
  } catch (cause) {
    await dispose()
    if (cause instanceof BerthError) throw cause
    throw new BerthError('NOT_FOUND', `ssh ${id}: ssh-agent cannot be started`, {
      cause,
      hint: 'install openssh-client',
    })
  }
  return { socket, [Symbol.asyncDispose]: dispose }
}
