import { createConnection, type Socket } from 'node:net'
import { relative } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** Longest path that fits into `sun_path` with its final NUL (unix(7)). */
const maxPathBytes = 107

/**
 * Connects to a UNIX socket of a native program; rejects with UNAVAILABLE when nobody listens. A path that is too long for the kernel is taken
 * relative to the working folder, which is the run directory: Node would silently cut it off.
 */
export async function connectUnixSocket(path: string, peer: string): Promise<Socket> {
  const socket = createConnection({ path: shortPath(path), allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', cause => {
      reject(new BerthError('UNAVAILABLE', `${peer} does not answer at ${path}: ${cause.message}`, { cause }))
    })
  })
  return socket
}

function shortPath(path: string): string {
  return Buffer.byteLength(path) <= maxPathBytes ? path : relative(process.cwd(), path)
}
