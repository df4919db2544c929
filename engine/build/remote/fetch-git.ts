import { spawn } from 'node:child_process'
import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../../schemas/errors.ts'
import type { GitUrl } from './git-url.ts'

export interface FetchGitOptions {
  /** Socket of an ssh agent. */
  readonly agent?: string | undefined
  readonly keepsGitDir: boolean
  readonly signal: AbortSignal
}

/** Fetches one commit of a repository with its submodules into the empty folder `target`; answers the commit. Throws INVALID_ARGUMENT with git's words. */
export async function fetchGit({ remote, ref }: GitUrl, target: string, options: FetchGitOptions): Promise<string> {
  const git = (...args: readonly string[]): Promise<string> => runGit(args, target, options)
  await git('init', '--quiet', '--initial-branch=main')
  await git('remote', 'add', '--', 'origin', remote)
  const wanted = ref ?? 'HEAD'
  try {
    await git('fetch', '--quiet', '--depth=1', '--no-tags', '--', 'origin', wanted)
    await git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
  } catch (error) {
    // Some servers give single commits to nobody: then all is fetched.
    if (ref === undefined || !/^[0-9a-f]{7,64}$/.test(ref) || options.signal.aborted) throw error
    await git('fetch', '--quiet', '--tags', '--', 'origin', '+refs/heads/*:refs/remotes/origin/*')
    await git('checkout', '--quiet', '--detach', ref)
  }
  await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1')
  const commit = (await git('rev-parse', 'HEAD')).trim()
  if (!options.keepsGitDir) await rm(join(target, '.git'), { recursive: true, force: true })
  return commit
}

/** A folder of what was fetched; links on the way lead nowhere. */
export async function folderOfRepository(root: string, { folder, remote }: GitUrl): Promise<string> {
  let path = root
  for (const part of folder.split('/').filter(name => name !== '')) {
    path = join(path, part)
    const status = await lstat(path).catch(() => undefined)
    if (status?.isDirectory() !== true || part === '.git')
      throw new BerthError('INVALID_ARGUMENT', `${remote}: ${folder} is no folder of the repository`)
  }
  return path
}

/** Nothing of this machine's configuration counts, and nothing that a repository says is run. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'credential.helper=',
  'protocol.allow=never',
  'protocol.http.allow=always',
  'protocol.https.allow=always',
  'protocol.git.allow=always',
  'protocol.ssh.allow=always',
  'advice.detachedHead=false',
]

function runGit(args: readonly string[], cwd: string, { agent, signal }: FetchGitOptions): Promise<string> {
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_SSH_COMMAND:
      'ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/dev/null -o ConnectTimeout=30',
    ...Object.fromEntries(
      ['http_proxy', 'https_proxy', 'no_proxy', 'HTTPS_PROXY', 'NO_PROXY'].flatMap(name =>
        process.env[name] === undefined ? [] : [[name, process.env[name]]],
      ),
    ),
    ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
  }
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...settings.flatMap(setting => ['-c', setting]), ...args], {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group: helpers of git (git-remote-https, ssh) end with it.
      detached: true,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', chunk => (stdout += String(chunk)))
    child.stderr.on('data', chunk => (stderr = (stderr + String(chunk)).slice(-4000)))
    const stop = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    child.once('error', cause => {
      const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
      reject(
        new BerthError('NOT_FOUND', isMissing ? 'there is no git on this machine' : cause.message, {
          cause,
          ...(isMissing ? { hint: 'install git (Debian: apt-get install git)' } : {}),
        }),
      )
    })
    child.once('close', code => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return reject(new BerthError('CANCELLED', 'the build was cancelled'))
      if (code === 0) return resolve(stdout)
      reject(new BerthError('INVALID_ARGUMENT', `git ${args[0]} failed: ${stderr.trim() || `exit code ${code}`}`))
    })
  })
}
