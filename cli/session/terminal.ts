import type { HijackedStream } from '../client/engine-client.ts'
import { createFrameDecoder } from '../client/frames.ts'
import type { Output } from '../ui/streams.ts'
import type { Streams } from './context.ts'

export interface TerminalOptions extends Streams {
  readonly tty: boolean
  readonly interactive: boolean
  /** Tells the engine the size of the terminal: once at the beginning and at every change. */
  readonly resize: (rows: number, columns: number) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Joins the caller's terminal with a process in a container until that process's output ends. With a tty the terminal is in raw mode meanwhile, so that every
 * key, Ctrl-C too, goes to the container; it is put back in any case.
 */
export async function runTerminal({ socket, isMultiplexed }: HijackedStream, options: TerminalOptions): Promise<void> {
  const { stdout, stderr, tty, interactive, signal } = options
  const stdin = options.stdin()
  const isRaw = tty && interactive && stdin.isTTY === true
  const tellSize = () => {
    // The process may have ended meanwhile; then nobody cares for its size.
    options.resize(stdout.rows || 24, stdout.columns || 80).catch(() => {})
  }
  const onInput = (chunk: Buffer) => {
    if (!socket.write(chunk)) stdin.pause()
  }
  const onDrain = () => stdin.resume()
  const onInputEnd = () => socket.end()
  const onAbort = () => socket.destroy()
  const decode = isMultiplexed ? createFrameDecoder() : undefined

  if (isRaw) stdin.setRawMode?.(true)
  if (tty) {
    tellSize()
    stdout.on('resize', tellSize)
  }
  if (interactive) {
    stdin.on('data', onInput)
    stdin.on('end', onInputEnd)
    socket.on('drain', onDrain)
    stdin.resume()
  }
  signal.addEventListener('abort', onAbort)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        const outputs = decode === undefined ? [{ stream: 'stdout', data: chunk } as const] : decode(chunk)
        let full: Output | undefined
        for (const { stream, data } of outputs) {
          const target = stream === 'stderr' ? stderr : stdout
          if (!target.write(data)) full = target
        }
        if (full === undefined) return
        // A slow reader slows the program in the container down; its output is not gathered here.
        socket.pause()
        full.once('drain', () => socket.resume())
      })
      socket.on('end', resolve)
      socket.on('close', resolve)
      socket.on('error', error => (signal.aborted ? resolve() : reject(error)))
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    stdout.off('resize', tellSize)
    stdin.off('data', onInput)
    stdin.off('end', onInputEnd)
    stdin.pause()
    if (isRaw) stdin.setRawMode?.(false)
    socket.destroy()
  }
}

/** Whether a command gets a terminal when nobody said: only if both ends of ours are one. */
export function isInteractiveTerminal({ stdin, stdout }: Streams): boolean {
  return stdin().isTTY === true && stdout.isTTY === true
}
