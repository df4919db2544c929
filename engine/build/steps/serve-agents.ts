import { once } from 'node:events'
import { chmod, chown } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { BerthError } from '../../../schemas/errors.ts'

/** A client's ssh agent and the socket through which a step reaches it. */
export interface ServedAgent {
  readonly agent: string
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** Longest path of a UNIX socket; a longer one would be cut off in silence. */
const maxPathBytes = 107

/** Serves the sockets while `work` runs; connections that are open then are closed. */
export async function withAgents<T>(agents: readonly ServedAgent[], work: () => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  try {
    for (const agent of agents) servers.push(await serve(agent, sockets))
    return await work()
  } finally {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  }
}

async function serve({ agent, path, mode, uid, gid }: ServedAgent, sockets: Set<Socket>): Promise<Server> {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw new BerthError('INTERNAL', `the path of the ssh agent’s socket is longer than ${maxPathBytes} bytes: ${path}`)
  const server = createServer(near => {
    const far = connect(agent)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    near.once('error', () => far.destroy())
    far.once('error', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, mode)
  await chown(path, uid, gid)
  return server
}
