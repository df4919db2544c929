import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { stackFileNames } from '../load/find-files.ts'

/**
 * Fetches one commit of a git repository, `REPOSITORY[#REF[:FOLDER-OR-FILE]]`, into `cacheDir` with the caller's own git, and answers the stack
 * file in it. A commit that is there already is not fetched again.
 */
export async function fetchGit(
  env: Readonly<Record<string, string | undefined>>,
  address: string,
  cacheDir: string,
  signal: AbortSignal,
): Promise<string> {
  const [repository = '', fragment = ''] = address.split('#', 2)
  const colon = fragment.indexOf(':')
  const reference = (colon === -1 ? fragment : fragment.slice(0, colon)) || 'HEAD'
  const below = normalize(colon === -1 ? '.' : fragment.slice(colon + 1) || '.')
  if (reference.startsWith('-') || below === '..' || below.startsWith('../') || below.startsWith('/')) {
    throw new BerthError('INVALID_ARGUMENT', `${JSON.stringify(address)} is no address of a stack in git`, {
      hint: 'write REPOSITORY#REF:FOLDER',
    })
  }
  const url = repository.startsWith('github.com/') ? `https://${repository}` : repository
  const git = (folder: string, ...args: readonly string[]) => run(env, folder, args, address, signal)
  await mkdir(cacheDir, { recursive: true, mode: 0o700 })
  const isCommit = /^[0-9a-f]{40}$/.test(reference)
  const commit = isCommit ? reference : commitOf(await git(cacheDir, 'ls-remote', '--', url), reference)
  if (commit === undefined)
    throw new BerthError('NOT_FOUND', `${repository} has no branch and no tag ${JSON.stringify(reference)}`, {
      hint: `git ls-remote ${repository} lists what there is; a commit is given with all of its 40 digits`,
    })
  const folder = join(cacheDir, commit)
  if (!(await isFolder(folder))) {
    const temporary = await mkdtemp(join(cacheDir, 'fetch-'))
    try {
      await git(temporary, 'init', '--quiet')
      await git(temporary, 'fetch', '--quiet', '--depth=1', '--', url, commit)
      await git(temporary, 'checkout', '--quiet', '--detach', 'FETCH_HEAD')
      await rename(temporary, folder).catch(async error => {
        if (!(await isFolder(folder))) throw error
      })
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }
  return stackFileIn(join(folder, below), address)
}

/** What a name means among all references: git's order (gitrevisions(7)). Never one that only ends with it, as `old/main` does with `main`. */
function commitOf(listing: string, reference: string): string | undefined {
  const byName = new Map(listing.split('\n').map(line => line.split('\t').reverse() as [string, string]))
  return ['', 'refs/', 'refs/tags/', 'refs/heads/'].map(prefix => byName.get(prefix + reference)).find(Boolean)
}

async function stackFileIn(path: string, address: string): Promise<string> {
  const candidates = (await isFolder(path)) ? stackFileNames.map(name => join(path, name)) : [path]
  for (const candidate of candidates) {
    if (
      await stat(candidate).then(
        found => found.isFile(),
        () => false,
      )
    )
      return candidate
  }
  throw new BerthError('NOT_FOUND', `there is no stack file at ${address}`)
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}

function run(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  args: readonly string[],
  address: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // No question may be asked: the answer could come from nowhere.
    const child = spawn('git', args, {
      cwd,
      env: { ...env, GIT_TERMINAL_PROMPT: '0' },
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', chunk => (said.stdout += chunk))
    child.stderr.on('data', chunk => (said.stderr += chunk))
    child.once('error', cause =>
      reject(new BerthError('UNAVAILABLE', `cannot run git for ${address}: ${cause.message}`, { cause })),
    )
    child.once('close', code => {
      if (code === 0) resolve(said.stdout)
      else
        reject(
          new BerthError(
            'UNAVAILABLE',
            `git cannot fetch ${address}: ${said.stderr.trim() || `${args[0]} ended with ${code}`}`,
          ),
        )
    })
  })
}
