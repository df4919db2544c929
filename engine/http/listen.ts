import { chmod, chown, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createConnection } from 'node:net'
import { BerthError } from '../../schemas/errors.ts'
import { readTls, type TlsFiles, type TlsSettings } from './tls.ts'

export type ListenTarget =
  | { readonly kind: 'unix'; readonly path: string; readonly group: string }
  /** A listening socket that systemd made (fd 3). */
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: TlsSettings }

export interface ListenOptions {
  /** Whose members may use a UNIX socket. */
  readonly group: string
  readonly tls: TlsFiles | undefined
}

/** Docker's port for TLS. */
const defaultPort = 2376

/** Parses `unix:///run/berth/berth.sock`, `fd://` or `tcp://host[:port]`. TCP without client certificates is refused: it would be root for everybody. */
export function parseListenTarget(text: string, { group, tls }: ListenOptions): ListenTarget {
  if (text.startsWith('unix://')) return { kind: 'unix', path: text.slice('unix://'.length), group }
  if (text === 'fd://') return { kind: 'fd', fd: 3 }
  const address = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]]*))(?::(\d{1,5}))?\/?$/.exec(text)
  if (address === null) {
    throw new BerthError('USAGE', `cannot listen on ${text}: expected unix:///path, fd:// or tcp://host:port`)
  }
  if (tls === undefined) {
    throw new BerthError('USAGE', `cannot listen on ${text} without TLS: whoever reaches it would be root here`, {
      hint: 'give --tlsverify with --tlscacert, --tlscert and --tlskey',
    })
  }
  const [, bracketed, host, port] = address
  return {
    kind: 'tcp',
    host: bracketed ?? (host || '127.0.0.1'),
    port: port === undefined ? defaultPort : Number(port),
    tls: readTls(tls),
  }
}

/** Starts listening. A socket file left by a dead daemon is replaced; a live one is a CONFLICT. */
export async function bindSocket(server: Server, target: ListenTarget): Promise<void> {
  if (target.kind === 'fd') {
    await listening(server, () => server.listen({ fd: target.fd }))
    return
  }
  if (target.kind === 'tcp') {
    await listening(server, () => server.listen({ host: target.host, port: target.port, backlog: 1024 }))
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
