import { lstat, readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { dirname, join } from 'node:path'

/**
 * Removes what standbys that were killed have left beside a socket: sockets that nobody listens at, and their locks. Only what is older than `ageMs`, so
 * that one which is just beginning keeps its own. What cannot be looked at stays.
 */
export async function sweep(ownSocket: string, ageMs: number): Promise<void> {
  const folder = dirname(ownSocket)
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter(each => each.endsWith('.sock'))) {
    const path = join(folder, name)
    if (path === ownSocket || !(await isOlder(path, ageMs)) || !(await isDead(path))) continue
    for (const ending of ['.sock', '.lock']) await rm(path.replace(/\.sock$/, ending), { force: true }).catch(() => {})
  }
}

async function isOlder(path: string, ageMs: number): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined)
  return stats !== undefined && Date.now() - stats.mtimeMs > ageMs
}

function isDead(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}
