/** Types of frames: native/launcher/frames.h. From the launcher: */
export const fromLauncher = { request: 'R', signal: 'S', size: 'W', input: 'I' } as const
/** From the standby: */
export const fromStandby = { accept: 'A', out: '1', err: '2', want: 'N', raw: 'M', exit: 'X' } as const

export const payloadMax = 64 * 1024
const headerSize = 5

export interface Frame {
  readonly type: string
  readonly payload: Buffer
}

/** One byte of type, four of length (little-endian), the payload. */
export function encodeFrame(type: string, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize)
  header.write(type, 'latin1')
  header.writeUInt32LE(payload.length, 1)
  return Buffer.concat([header, payload])
}

/** Takes the bytes as they come and gives the frames that are whole. */
export function createFrameSplitter(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    const frames: Frame[] = []
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= headerSize) {
      const end = headerSize + rest.readUInt32LE(1)
      if (rest.length < end) break
      frames.push({ type: rest.toString('latin1', 0, 1), payload: rest.subarray(headerSize, end) })
      rest = rest.subarray(end)
    }
    return frames
  }
}

export interface RunRequest {
  readonly cwd: string
  /** Whether standard input, output and error are terminals. */
  readonly terminals: readonly [boolean, boolean, boolean]
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Reads the payload of a request: NUL-terminated strings. */
export function decodeRequest(payload: Buffer): RunRequest {
  const [cwd = '/', ttys = '000', count = '0', ...words] = payload.toString('utf8').slice(0, -1).split('\0')
  const argumentCount = Number(count)
  const env: Record<string, string> = {}
  for (const variable of words.slice(argumentCount)) {
    const equals = variable.indexOf('=')
    if (equals > 0) env[variable.slice(0, equals)] = variable.slice(equals + 1)
  }
  return {
    cwd,
    terminals: [ttys[0] === '1', ttys[1] === '1', ttys[2] === '1'],
    argv: words.slice(0, argumentCount),
    env,
  }
}
