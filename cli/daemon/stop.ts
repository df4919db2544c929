import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadyMessage } from '../../schemas/daemon/launch.ts'
import { BerthError } from '../../schemas/errors.ts'
import { isAlive } from './pid-file.ts'

/** Asks a daemon to end and waits until it has. Its containers go on running. */
export async function stopDaemon(daemon: ReadyMessage, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const closed = connectionEnd(daemon.socket, timeoutMs)
  process.kill(daemon.pid, 'SIGTERM')
  await closed
  // The connection ends just before the process does, and Node has no way to wait for a process that is not its child.
  while (isAlive(daemon.pid)) {
    if (performance.now() > deadline) {
      throw new BerthError('TIMEOUT', `the daemon (pid ${daemon.pid}) did not stop within ${timeoutMs / 1000} s`, {
        hint: `its log says why; "kill -9 ${daemon.pid}" ends it, and containers survive that too`,
      })
    }
    await delay(5)
  }
}

/** Resolves when the daemon lets go of an idle connection, which the kernel does for it if it dies. */
function connectionEnd(socketPath: string, timeoutMs: number): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(socketPath)
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve()
    }
    const timer = setTimeout(finish, timeoutMs)
    socket.on('close', finish)
    socket.on('error', finish)
    socket.resume()
  })
}
