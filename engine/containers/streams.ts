import type { Duplex } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { AttachedStreams } from '../runtime/monitor.ts'
import { Demultiplex } from './demultiplex.ts'

export interface JoinOptions {
  /** The client's bytes are the process's input; otherwise they are read and dropped. */
  readonly forwardsInput: boolean
  /** Awaited between the end of the output and the end of the client's stream. */
  readonly beforeEnd?: Promise<unknown>
  /** Bytes (`ctrl-p,ctrl-q`) that end the client's connection instead of reaching the process. */
  readonly detachKeys?: Buffer
  readonly onDetach?: () => void
  /** The client gets the bare output, without the headers that tell the streams apart. */
  readonly isPlain?: boolean
}

/** Connects a client's bare stream with a monitor's, both ways with back-pressure. Resolves when the connection is over. */
export async function joinStreams(client: Duplex, monitor: AttachedStreams, options: JoinOptions): Promise<void> {
  const { socket, rest } = monitor
  const quiet = (): void => undefined
  client.on('error', quiet)
  socket.on('error', quiet)
  const output: Duplex = options.isPlain === true ? new Demultiplex() : socket
  const over = new Promise<void>(resolve => {
    output.once('end', resolve)
    output.once('close', resolve)
    client.once('close', () => {
      socket.destroy()
      resolve()
    })
  })
  if (output === socket) {
    if (rest.length > 0) client.write(rest)
  } else {
    if (rest.length > 0) output.write(rest)
    socket.once('close', () => output.end())
    socket.pipe(output)
  }
  output.pipe(client, { end: false })
  if (options.forwardsInput) forwardInput(client, socket, options)
  else client.resume()
  socket.resume()
  await over
  await options.beforeEnd
  client.end()
  socket.destroy()
}

function forwardInput(client: Duplex, socket: Duplex, options: JoinOptions): void {
  const keys = options.detachKeys
  if (keys === undefined || keys.length === 0) {
    client.pipe(socket)
    return
  }
  // Keys typed one by one arrive one by one; `seen` counts how many of the sequence are held back.
  let seen = 0
  client.on('data', (chunk: Buffer) => {
    const out: number[] = []
    for (const byte of chunk) {
      if (byte === keys[seen]) {
        seen++
        if (seen === keys.length) {
          options.onDetach?.()
          client.end()
          socket.destroy()
          return
        }
        continue
      }
      for (let held = 0; held < seen; held++) out.push(keys[held] ?? 0)
      seen = byte === keys[0] ? 1 : 0
      if (seen === 0) out.push(byte)
    }
    if (out.length > 0 && !socket.write(Buffer.from(out))) {
      client.pause()
      socket.once('drain', () => client.resume())
    }
  })
  client.once('end', () => socket.end())
  // Whoever read a request body from this connection has paused it, and a listener alone does not undo that.
  client.resume()
}

/** `ctrl-p,ctrl-q`, `a,b`: the bytes of a detach sequence. Empty text is the default. Throws INVALID_ARGUMENT with dockerd's text. */
export function parseDetachKeys(text: string | null | undefined): Buffer {
  const words = (text ? text : 'ctrl-p,ctrl-q').split(',')
  const bytes = words.map(word => {
    if (word.length === 1) return word.charCodeAt(0)
    const letter = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(word)?.[1]
    if (letter === undefined) throw new BerthError('INVALID_ARGUMENT', `Invalid detach keys (${text}) provided`)
    return letter.toUpperCase().charCodeAt(0) & 0x1f
  })
  return Buffer.from(bytes)
}
