import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { findTail, inodeOf, type LogFile, listLogFiles, openLogFile, readFrom } from './log-files.ts'
import { LogEncoder, timeKeyOf } from './log-line.ts'

/** What `GET /containers/{id}/logs` asks for. Times are nanoseconds since the epoch, both bounds inclusive. */
export interface LogOptions {
  readonly stdout: boolean
  readonly stderr: boolean
  readonly follow: boolean
  readonly timestamps: boolean
  readonly details: boolean
  readonly sinceNs?: bigint
  readonly untilNs?: bigint
  /** Last lines only; absent = all. */
  readonly tail?: number
}

export interface LogSource {
  /** `<data dir>/<id>-json.log`; rotated files have `.1`, `.2`, ... (higher is older). */
  readonly path: string
  /** With a terminal the output is raw bytes, otherwise multiplexed frames. */
  readonly isTty: boolean
  /** Written before each line with `details`, e.g. label and environment pairs that the log driver was told to keep. */
  readonly attributes?: Readonly<Record<string, string>>
  /** Resolves when nothing more will be written: the container has ended and will not start again, or was removed. */
  readonly ended: Promise<void>
}

/**
 * The log of a container as output bytes (application/vnd.docker.multiplexed-stream, or raw for a terminal), read on demand: a slow reader holds it
 * back. Following waits for the kernel's file events, never by polling, goes on in the new file after a rotation, and ends with the container,
 * at `untilNs`, or with `signal`.
 */
export async function* readLogs(
  source: LogSource,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const encoder = new LogEncoder({
    stdout: options.stdout,
    stderr: options.stderr,
    isFramed: !source.isTty,
    timestamps: options.timestamps,
    details: options.details ? formatDetails(source.attributes ?? {}) : '',
    ...(options.sinceNs === undefined ? {} : { since: timeKeyOf(options.sinceNs) }),
    ...(options.untilNs === undefined ? {} : { until: timeKeyOf(options.untilNs) }),
  })
  const wake = options.follow ? new Wake(source, options.untilNs, signal) : undefined
  const cursor = new LogCursor(source.path)
  try {
    await cursor.open(options.tail)
    for (;;) {
      // Asked before reading: what is written after the end was told is nobody's.
      const isLast = wake === undefined || wake.isOver
      wake?.arm()
      for await (const piece of cursor.read(() => encoder.reset())) {
        const output = encoder.encode(piece)
        if (output.length > 0) yield output
        if (encoder.isPast || signal.aborted) return
      }
      if (isLast) return
      await wake?.changed()
    }
  } finally {
    wake?.close()
    await cursor.close()
  }
}

/** `key=value,other=value `, percent-encoded as dockerd's. */
function formatDetails(attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1))
  if (pairs.length === 0) return ' '
  return `${pairs.map(([key, value]) => `${queryEscape(key)}=${queryEscape(value)}`).join(',')} `
}

/** Go's url.QueryEscape. */
const queryEscape = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

/** A place in the sequence of a log's files, which are renamed under it. */
class LogCursor {
  readonly #path: string
  #file: LogFile | undefined
  #position = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Goes to the first file, or to the last `tail` lines, which may begin in an older one. */
  async open(tail: number | undefined): Promise<void> {
    const paths = await listLogFiles(this.#path)
    if (tail === undefined) {
      for (const path of paths) if (await this.#take(path, 0)) return
      return
    }
    let wanted = tail
    for (const path of paths.reverse()) {
      const file = await openLogFile(path)
      if (file === undefined) continue
      const { offset, found } = await findTail(file.handle, wanted)
      await this.close()
      this.#file = file
      this.#position = offset
      wanted -= found
      if (wanted === 0) return
    }
  }

  /** Everything up to the present end of the newest file. `onSwitch` is told when an older file is left. */
  async *read(onSwitch: () => void): AsyncGenerator<Buffer, void, undefined> {
    if (this.#file === undefined && !(await this.#take(this.#path, 0))) return
    for (;;) {
      // Looked up before reading: once a file has been renamed, nothing is added to it any more.
      const successor = await this.#successor()
      const { handle } = this.#file as LogFile
      if ((await handle.stat()).size < this.#position) this.#position = 0 // emptied instead of rotated
      for await (const piece of readFrom(handle, this.#position)) {
        this.#position += piece.length
        yield piece
      }
      if (successor === undefined) return
      onSwitch()
      await this.#take(successor, 0)
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.handle.close()
  }

  /** The file that follows this one; undefined when it is the newest. */
  async #successor(): Promise<string | undefined> {
    const inode = this.#file?.inode
    const paths = await listLogFiles(this.#path)
    const inodes = await Promise.all(paths.map(inodeOf))
    const at = inodes.indexOf(inode)
    // Rotated away altogether: the oldest that is left comes next.
    if (at < 0) return inodes.every(other => other === undefined) ? undefined : paths[0]
    return inodes[at + 1] === undefined ? undefined : paths[at + 1]
  }

  async #take(path: string, position: number): Promise<boolean> {
    const file = await openLogFile(path)
    if (file === undefined) return false
    await this.close()
    this.#file = file
    this.#position = position
    return true
  }
}

/** Waits until a log may have grown. */
class Wake {
  readonly #watcher: FSWatcher
  readonly #signal: AbortSignal
  readonly #timer: NodeJS.Timeout | undefined
  #isOver = false
  #isDirty = false
  #notify: (() => void) | undefined
  readonly #onAbort = () => this.#end()

  constructor(source: LogSource, untilNs: bigint | undefined, signal: AbortSignal) {
    this.#signal = signal
    // The folder and not the file: a rotation gives the name to another file.
    this.#watcher = watch(dirname(source.path), () => this.#touch())
    this.#watcher.on('error', () => this.#end())
    void source.ended.then(this.#onAbort, this.#onAbort)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (untilNs !== undefined) {
      const delayMs = Math.max(0, Number(untilNs / 1_000_000n) - Date.now())
      this.#timer = setTimeout(this.#onAbort, Math.min(delayMs, 2 ** 31 - 1))
    }
  }

  /** Nothing more will be written, or nobody wants it. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** From now on a change is remembered until `changed` is awaited. */
  arm(): void {
    this.#isDirty = false
  }

  changed(): Promise<void> {
    if (this.#isDirty || this.#isOver) return Promise.resolve()
    return new Promise(resolve => {
      this.#notify = resolve
    })
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#watcher.close()
  }

  #end(): void {
    this.#isOver = true
    this.#touch()
  }

  #touch(): void {
    this.#isDirty = true
    this.#notify?.()
    this.#notify = undefined
  }
}
