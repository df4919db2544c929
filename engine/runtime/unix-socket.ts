import { closeSync, constants, openSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { basename, dirname } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** sun_path of unix(7), without its terminating NUL. */
const maxPathBytes = 107

/**
 * Connects to a UNIX socket; half-open, so that either side can end its half alone. A path that is too long for the kernel (Node would cut it off
 * without a word) goes through a descriptor of its folder. Rejects with UNAVAILABLE; `peer` names the other side.
 */
export async function connectUnixSocket(path: string, peer: string): Promise<Socket> {
  const isShort = Buffer.byteLength(path) <= maxPathBytes
  const unreachable = (cause: unknown): BerthError =>
    new BerthError(
      'UNAVAILABLE',
      `${peer} does not answer at ${path}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  let folder: number | undefined
  try {
    folder = isShort ? undefined : openSync(dirname(path), constants.O_DIRECTORY | constants.O_RDONLY)
    const socket = createConnection({
      path: folder === undefined ? path : `/proc/self/fd/${folder}/${basename(path)}`,
      allowHalfOpen: true,
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    socket.removeAllListeners('error')
    return socket
  } catch (cause) {
    throw unreachable(cause)
  } finally {
    if (folder !== undefined) closeSync(folder)
  }
}
