import type { Socket } from 'node:net'
import { BerthError } from '../../schemas/errors.ts'
import type { OciProcess } from '../../schemas/runtime/oci.ts'
import { containerCapabilities } from '../runtime/capabilities.ts'
import { parseSecurityOptions } from '../runtime/security.ts'
import { toEnvironment, toRlimits } from '../runtime/spec.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { readAccounts, resolveUser } from './user.ts'

export interface ExecRequest {
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly user: string
  readonly workingDir: string
  readonly isTerminal: boolean
  readonly isPrivileged: boolean
  readonly consoleSize?: { readonly height: number; readonly width: number }
}

/** The process of an exec: the container's user, environment, folder and limits unless the request says otherwise. */
export async function execProcess(
  context: ContainerContext,
  container: Container,
  request: ExecRequest,
): Promise<OciProcess> {
  const { config, hostConfig, id } = container.record
  const userText = request.user || config.User || ''
  const accounts = await readAccounts([`/proc/${container.state.pid}/root`])
  const user = resolveUser(userText, hostConfig.GroupAdd ?? [], accounts)
  const capabilities = containerCapabilities({
    add: hostConfig.CapAdd ?? [],
    drop: hostConfig.CapDrop ?? [],
    isPrivileged: request.isPrivileged || hostConfig.Privileged === true,
    available: context.host.capabilities,
  })
  return {
    terminal: request.isTerminal,
    ...(request.consoleSize === undefined ? {} : { consoleSize: request.consoleSize }),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: request.args,
    env: toEnvironment(config.Hostname || id.slice(0, 12), request.isTerminal, user.home, [
      ...(config.Env ?? []),
      ...request.env,
    ]),
    cwd: request.workingDir || config.WorkingDir || '/',
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    rlimits: toRlimits(hostConfig),
    // Said for the same reason as in the container's own process: the monitor's would be inherited.
    oomScoreAdj: hostConfig.OomScoreAdj ?? 0,
    noNewPrivileges: parseSecurityOptions(hostConfig.SecurityOpt ?? [], context.host.capabilities).noNewPrivileges,
  }
}

const drainMs = 200

/** Runs a short command in a container and gives the first bytes of its output; `code` is undefined when it was killed for taking too long. */
export async function execCapture(
  context: ContainerContext,
  container: Container,
  options: {
    readonly execId: string
    readonly args: readonly string[]
    readonly timeoutMs: number
    readonly maxOutputBytes: number
    readonly signal: AbortSignal
  },
): Promise<{ readonly code: number | undefined; readonly output: string }> {
  const { monitor, execWaiters } = container.live
  if (monitor === undefined) throw new BerthError('CONFLICT', `container ${container.record.id} is not running`)
  const { execId } = options
  const process = await execProcess(context, container, {
    args: options.args,
    env: [],
    user: '',
    workingDir: '',
    isTerminal: false,
    isPrivileged: false,
  })
  const { socket, rest } = await monitor.attach({ execId, stdin: false, stdout: true, stderr: true })
  const output = collectOutput(socket, rest, options.maxOutputBytes)
  const ended = new Promise<number>(resolve => execWaiters.set(execId, resolve))
  let hasTimedOut = false
  let cancelTimer: (() => void) | undefined
  try {
    const { pid } = await monitor.exec(execId, process, false)
    const kill = (): void => killQuietly(pid)
    cancelTimer = context.clock.after(options.timeoutMs, () => {
      hasTimedOut = true
      kill()
    })
    options.signal.addEventListener('abort', kill, { once: true })
    const code = await ended
    options.signal.removeEventListener('abort', kill)
    // The output may still be on its way; a child left behind may also hold the pipe for ever.
    await Promise.race([
      new Promise(resolve => socket.once('close', resolve)),
      new Promise<void>(resolve => context.clock.after(drainMs, resolve)),
    ])
    return { code: hasTimedOut ? undefined : code, output: output() }
  } finally {
    cancelTimer?.()
    execWaiters.delete(execId)
    socket.destroy()
  }
}

function collectOutput(socket: Socket, rest: Buffer, maxBytes: number): () => string {
  const chunks: Buffer[] = []
  let length = 0
  const add = (chunk: Buffer): void => {
    // Frames carry eight bytes of header for each write; a few more bytes than asked for are kept so that whole frames fit.
    if (length < 2 * maxBytes) chunks.push(chunk)
    length += chunk.length
  }
  if (rest.length > 0) add(rest)
  socket.on('data', add)
  socket.on('error', () => undefined)
  socket.resume()
  return () => demultiplex(Buffer.concat(chunks)).subarray(0, maxBytes).toString('utf8')
}

/** Payloads of Docker's multiplexed frames, both streams in the order they came. */
function demultiplex(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4)
    parts.push(bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts)
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
