import { connect as connectSocket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { BerthError } from '../../schemas/errors.ts'
import { parseAddress, requestedHost } from '../client/address.ts'
import { createClient } from '../client/create-client.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { type DaemonPlaces, daemonPlaces } from '../daemon/places.ts'
import type { Context } from './context.ts'

const launchTimeoutMs = 20_000
const rivalTimeoutMs = 3_000

/**
 * A client for the engine that `--host`, BERTH_HOST or DOCKER_HOST names. Without any of them it is the daemon at the default socket, which is
 * started if nobody answers there (as root, and unless --no-autostart).
 */
export async function connect(context: Context): Promise<EngineClient> {
  const { globals, env } = context
  const host = requestedHost(globals.host, env)
  if (host !== undefined) return createClient(await parseAddress(host, env))
  const places = daemonPlaces(env)
  const problem = await tryConnect(places.socket)
  if (problem !== undefined) await recover(context, places, problem)
  return createClient({ kind: 'unix', text: `unix://${places.socket}`, socketPath: places.socket })
}

/** Nobody answers at the default socket: start the daemon, or say what to do. */
async function recover(context: Context, places: DaemonPlaces, problem: string): Promise<void> {
  const { socket } = places
  if (problem === 'EACCES' || problem === 'EPERM') {
    throw new BerthError('FORBIDDEN', `no permission for the engine's socket ${socket}`, {
      hint: 'run berth as root, or be a member of the group that owns the socket (berth)',
    })
  }
  if (process.getuid?.() !== 0) {
    throw new BerthError('UNAVAILABLE', `no engine answers at ${socket}, and only root may start one`, {
      hint: 'start it with "sudo berth daemon start", or name another engine with --host',
    })
  }
  if (!context.globals.autostart) {
    throw new BerthError('UNAVAILABLE', `no engine answers at ${socket}`, {
      hint: 'start it with "berth daemon start"',
    })
  }
  const { launchDaemon } = await import('../daemon/launch.ts')
  try {
    await launchDaemon({ ...places, distDir: context.distDir, env: context.env, timeoutMs: launchTimeoutMs })
  } catch (error) {
    // Another command may have started it at the same moment; then ours has refused to be the second.
    if (!(await answersWithin(socket, rivalTimeoutMs))) throw error
  }
}

/** Whether somebody listens before the time is up: the rival has the data root already, and its socket a moment later. */
async function answersWithin(path: string, timeoutMs: number): Promise<boolean> {
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; await delay(50)) {
    if ((await tryConnect(path)) === undefined) return true
  }
  return false
}

/** undefined if somebody listens, else the error code. */
function tryConnect(path: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = connectSocket(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'))
  })
}
