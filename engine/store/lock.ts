import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'

export interface Lock {
  release(): Promise<void>
}

interface Owner {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: tells a process from a later one with the same pid. */
  readonly startTime: string
  readonly bootId: string
}

/**
 * Takes the lock file, or throws CONFLICT with the pid of the daemon that has it. A file left by a dead process (or an earlier boot) is taken over.
 * Node has no flock; link(2) is the atomic step, and a takeover first renames the file away and checks that it got the one it had judged dead.
 */
export async function acquireLock(path: string): Promise<Lock> {
  const owner: Owner = {
    pid: process.pid,
    startTime: (await startTimeOf(process.pid)) ?? '',
    bootId: await readBootId(),
  }
  const mine = `${path}.${owner.pid}`
  await writeFile(mine, JSON.stringify(owner), { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        await link(mine, path)
        return { release: () => rm(path, { force: true }) }
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error
      }
      await removeIfStale(path, mine, owner.bootId)
    }
    throw new BerthError('CONFLICT', `the lock ${path} could not be taken`)
  } finally {
    await rm(mine, { force: true })
  }
}

async function removeIfStale(path: string, mine: string, bootId: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return
  const owner = parseOwner(text)
  if (owner !== undefined && owner.bootId === bootId && (await startTimeOf(owner.pid)) === owner.startTime) {
    throw new BerthError('CONFLICT', `another berthd (pid ${owner.pid}) uses this data root`, {
      hint: `stop it, or choose another --data-root`,
    })
  }
  const aside = `${mine}.stale`
  await rename(path, aside).catch(() => undefined)
  const moved = await readFile(aside, 'utf8').catch(() => undefined)
  // Somebody else took over between our look and our rename: give it back.
  if (moved !== undefined && moved !== text) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, startTime, bootId } = value as Partial<Owner>
    return typeof pid === 'number' && typeof startTime === 'string' && typeof bootId === 'string'
      ? { pid, startTime, bootId }
      : undefined
  } catch {
    return undefined
  }
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The command name may hold anything; fields count from behind its closing parenthesis. A zombie holds nothing any more.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
