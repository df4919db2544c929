/** How log lines become output. */
export interface LineFormat {
  readonly stdout: boolean
  readonly stderr: boolean
  /** Multiplexed frames; raw bytes otherwise (terminal). */
  readonly isFramed: boolean
  readonly timestamps: boolean
  /** Put before every line after its time, e.g. `env=prod `; empty for none. */
  readonly details: string
  /** Bounds as `timeKey` gives them, both inclusive. */
  readonly since?: string
  readonly until?: string
}

interface LogEntry {
  readonly isStderr: boolean
  /** RFC 3339 with up to nine digits and `Z`. */
  readonly time: string
  readonly text: Buffer
}

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const prefix = '{"log":"'
/** `","stream":"` + `stdout` + `","time":"` */
const middleLength = 12 + 6 + 10

/**
 * Turns json-file lines into output bytes. Feed it the file in pieces of any size; a line that is not complete yet waits for the next piece.
 * Lines as Berth and dockerd write them are cut out by position, without decoding; others are parsed as JSON, and what is no log line is left out.
 */
export class LogEncoder {
  readonly #format: LineFormat
  #rest: Buffer = Buffer.alloc(0)
  #isPast = false

  constructor(format: LineFormat) {
    this.#format = format
  }

  /** True once a line was later than `until`: nothing more will come out. */
  get isPast(): boolean {
    return this.#isPast
  }

  /** Forgets an incomplete line (its file was replaced). */
  reset(): void {
    this.#rest = Buffer.alloc(0)
  }

  /** The output of all lines that are complete now; possibly empty. */
  encode(piece: Buffer): Buffer {
    const data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const parts: Buffer[] = []
    let start = 0
    for (let end = data.indexOf(newline); end >= 0 && !this.#isPast; end = data.indexOf(newline, start)) {
      this.#encodeLine(data, start, end, parts)
      start = end + 1
    }
    this.#rest = Buffer.from(data.subarray(start))
    return parts.length === 0 ? Buffer.alloc(0) : Buffer.concat(parts)
  }

  #encodeLine(data: Buffer, start: number, end: number, parts: Buffer[]): void {
    const { since, until, isFramed, timestamps, details } = this.#format
    const entry = cutEntry(data, start, end) ?? parseEntry(data, start, end)
    if (entry === undefined) return
    if (since !== undefined || until !== undefined) {
      const key = timeKey(entry.time)
      if (since !== undefined && key < since) return
      if (until !== undefined && key > until) {
        this.#isPast = true
        return
      }
    }
    if (!(entry.isStderr ? this.#format.stderr : this.#format.stdout)) return
    const lead =
      timestamps || details !== ''
        ? Buffer.from(`${timestamps ? `${fixedTime(entry.time)} ` : ''}${details}`)
        : undefined
    if (isFramed) {
      const header = Buffer.allocUnsafe(8)
      header.writeUInt32BE(entry.isStderr ? 0x02000000 : 0x01000000, 0)
      header.writeUInt32BE(entry.text.length + (lead?.length ?? 0), 4)
      parts.push(header)
    }
    if (lead !== undefined) parts.push(lead)
    parts.push(entry.text)
  }
}

/** The parts of a line in its usual form, by position; undefined when it has another. */
function cutEntry(data: Buffer, start: number, end: number): LogEntry | undefined {
  const textStart = start + prefix.length
  const timeEnd = end - 2
  if (data[timeEnd] !== quote || data[end - 1] !== 0x7d || data[textStart - 1] !== quote || data[start + 2] !== 0x6c) {
    return undefined
  }
  const timeStart = data.lastIndexOf(quote, timeEnd - 1) + 1
  const textEnd = timeStart - middleLength
  if (textEnd < textStart || data[textEnd] !== quote || data[textEnd + 4] !== 0x74 || data[textEnd + 11] !== quote) {
    return undefined
  }
  // stdo(ut), stde(rr)
  const kind = data[textEnd + 15]
  if (kind !== 0x6f && kind !== 0x65) return undefined
  const text = unquote(data, textStart, textEnd)
  if (text === undefined) return undefined
  return { isStderr: kind === 0x65, time: data.toString('latin1', timeStart, timeEnd), text }
}

/** The bytes of a JSON string. Most lines have one escape, the `\n` at their end. */
function unquote(data: Buffer, start: number, end: number): Buffer | undefined {
  const first = data.indexOf(backslash, start)
  if (first < 0 || first >= end) return data.subarray(start, end)
  if (first === end - 2 && data[end - 1] === 0x6e) {
    // A copy, since the byte after the text is wanted as a newline.
    const text = Buffer.allocUnsafe(end - start - 1)
    data.copy(text, 0, start, end - 2)
    text[text.length - 1] = newline
    return text
  }
  try {
    return Buffer.from(JSON.parse(data.toString('utf8', start - 1, end + 1)) as string)
  } catch {
    return undefined
  }
}

function parseEntry(data: Buffer, start: number, end: number): LogEntry | undefined {
  try {
    const value = JSON.parse(data.toString('utf8', start, end)) as Partial<Record<'log' | 'stream' | 'time', unknown>>
    if (typeof value.log !== 'string' || typeof value.time !== 'string') return undefined
    return { isStderr: value.stream === 'stderr', time: value.time, text: Buffer.from(value.log) }
  } catch {
    return undefined
  }
}

/** A time as text that sorts: without `Z`, so that `…:00` < `…:00.5` < `…:00.51`. */
export function timeKey(time: string): string {
  return time.endsWith('Z') ? time.slice(0, -1) : time
}

/** The same for nanoseconds since the epoch. */
export function timeKeyOf(ns: bigint): string {
  const billion = 1_000_000_000n
  const fraction = ((ns % billion) + billion) % billion
  const seconds = (ns - fraction) / billion
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return fraction === 0n ? text : `${text}.${fraction.toString().padStart(9, '0').replace(/0+$/, '')}`
}

/** Nine digits always, as dockerd prints timestamps. */
function fixedTime(time: string): string {
  const key = timeKey(time)
  const dot = key.indexOf('.')
  return dot < 0 ? `${key}.000000000Z` : `${key.slice(0, dot)}.${key.slice(dot + 1).padEnd(9, '0')}Z`
}
