import type { Readable, Writable } from 'node:stream'

/** Where text goes: a terminal, a file, a pipe, or a caller at the other end of a socket. Emits `resize` when a terminal changes its size. */
export interface Output extends Writable {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

export interface Input extends Readable {
  readonly isTTY?: boolean | undefined
  /** Of terminals: every key is given as it comes, Ctrl-C too. */
  readonly setRawMode?: (isRaw: boolean) => unknown
}

/** Resolves when everything has left the stream: a pipe whose reader is slow takes its time, and an exit would throw the rest away. */
export function written(stream: Writable): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0 || stream.destroyed) resolve()
    else stream.write('', () => resolve())
  })
}
