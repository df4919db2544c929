import { chmod, chown, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createConnection } from 'node:net'
import { BerthError } from '../../schemas/errors.ts'

export type ListenTarget =
  | { readonly kind: 'unix'; readonly path: string; readonly group: string }
  /** A listening socket that systemd made (fd 3). */
  | { readonly kind: 'fd'; readonly fd: number }

/** Parses `unix:///run/berth/berth.sock` or `fd://`. TCP is refused: without client certificates it would be root for everybody. */
export function parseListenTarget(text: string, group: string): ListenTarget {
  if (text.startsWith('unix://')) return { kind: 'unix', path: text.slice('unix://'.length), group }
  if (text === 'fd://') return { kind: 'fd', fd: 3 }
  throw new BerthError('USAGE', `cannot listen on ${text}: expected unix:///path or fd://`)
}

/** Starts listening. A socket file left by a dead daemon is replaced; a live one is a CONFLICT. */
export async function bindSocket(server: Server, target: ListenTarget): Promise<void> {
  if (target.kind === 'fd') {
    await listening(server, () => server.listen({ fd: target.fd }))
    return
  }
  if (await isAnswering(target.path)) throw new BerthError('CONFLICT', `another daemon listens on ${target.path}`)
  await rm(target.path, { force: true })
  await listening(server, () => server.listen({ path: target.path, backlog: 1024 }))
  await chmod(target.path, 0o660)
  const groupId = await findGroup(target.group)
  if (groupId !== undefined) await chown(target.path, 0, groupId)
}

function listening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    start()
  })
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createConnection({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

async function findGroup(name: string): Promise<number | undefined> {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '')
  for (const line of groups.split('\n')) {
    const [groupName, , id] = line.split(':')
    if (groupName === name && id !== undefined && /^\d+$/.test(id)) return Number(id)
  }
  return undefined
}
