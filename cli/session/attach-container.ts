import { BerthError } from '../../schemas/errors.ts'
import {
  attachContainer,
  inspectContainer,
  killContainer,
  resizeContainer,
  waitContainer,
} from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import type { Context } from './context.ts'
import { runTerminal } from './terminal.ts'

export interface AttachContainerOptions {
  readonly stdin: boolean
  /** `ctrl-p,ctrl-q` where it is undefined; the engine looks for them, and only in a terminal. */
  readonly detachKeys: string | undefined
  /** Ctrl-C and SIGTERM go to the program; without it they end berth alone. */
  readonly sigProxy: boolean
  /** Starts it, after the streams are joined, so that nothing of the output is missed. */
  readonly start?: () => Promise<void>
}

/**
 * Joins the caller's terminal with a container until the container ends or the detach keys are typed. Returns the container's exit code, 0 after a
 * detach, 130 when berth was interrupted without --sig-proxy.
 */
export async function attachToContainer(
  context: Context,
  client: EngineClient,
  id: string,
  { stdin, detachKeys, sigProxy, start }: AttachContainerOptions,
): Promise<number> {
  const { Config, State, Name } = await inspectContainer(client, id)
  if (State.Paused)
    throw new BerthError('CONFLICT', `${Name.slice(1)} is paused`, { hint: 'unpause it before attaching' })
  if (!State.Running && !start)
    throw new BerthError('CONFLICT', `${Name.slice(1)} is not running`, { hint: 'start it before attaching' })
  const tty = Config.Tty === true
  const interactive = stdin && Config.OpenStdin === true
  const stream = await attachContainer(client, id, {
    stdin: interactive,
    stdout: true,
    stderr: true,
    ...(detachKeys === undefined ? {} : { detachKeys }),
  })
  const { exit } = await waitContainer(client, id, 'next-exit')
  let code: number | undefined
  const ended = exit.then(({ StatusCode }) => {
    code = StatusCode
  })
  ended.catch(() => {})
  const onAbort = () => {
    killContainer(client, id, 'SIGINT').catch(() => {})
  }
  if (sigProxy) context.signal.addEventListener('abort', onAbort)
  try {
    const signal = sigProxy ? new AbortController().signal : context.signal
    const resize = (rows: number, columns: number) => resizeContainer(client, id, rows, columns)
    const terminal = runTerminal(stream, { ...context, signal, tty, interactive, resize })
    try {
      await start?.()
    } catch (error) {
      stream.socket.destroy()
      await terminal.catch(() => {})
      throw error
    }
    await terminal
  } finally {
    context.signal.removeEventListener('abort', onAbort)
  }
  if (!sigProxy && context.signal.aborted) return 130
  const { State: after } = await inspectContainer(client, id).catch(() => ({ State: { Running: false } }))
  if (after.Running && code === undefined) {
    context.stderr.write('\nread escape sequence\n')
    return 0
  }
  await ended
  return code ?? 0
}
