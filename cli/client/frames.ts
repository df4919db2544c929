import { BerthError } from '../../schemas/errors.ts'

export type OutputStream = 'stdout' | 'stderr'

/** A piece of what a container wrote. A long frame may come in several pieces. */
export interface OutputChunk {
  readonly stream: OutputStream
  readonly data: Buffer
}

const headerSize = 8

/**
 * Decoder of `application/vnd.docker.multiplexed-stream`: each frame is {1 byte stream, 3 zero bytes, 4 bytes length big-endian} and its
 * payload. Payload is passed on as it comes and never gathered, so a frame of 4 GB costs nothing; any chunking gives the same bytes.
 */
export function createFrameDecoder(): (chunk: Buffer) => OutputChunk[] {
  const header = Buffer.alloc(headerSize)
  let headerLength = 0
  let remaining = 0
  let stream: OutputStream = 'stdout'
  return chunk => {
    const output: OutputChunk[] = []
    let offset = 0
    while (offset < chunk.length) {
      if (remaining > 0) {
        const end = Math.min(offset + remaining, chunk.length)
        output.push({ stream, data: chunk.subarray(offset, end) })
        remaining -= end - offset
        offset = end
        continue
      }
      const taken = chunk.copy(header, headerLength, offset, offset + headerSize - headerLength)
      headerLength += taken
      offset += taken
      if (headerLength < headerSize) break
      headerLength = 0
      stream = streamOf(header)
      remaining = header.readUInt32BE(4)
    }
    return output
  }
}

/** 0 is stdin echoed back, which engines write as output. 3 is an error of the engine, shown where errors are. */
function streamOf(header: Buffer): OutputStream {
  const [kind, ...padding] = header.subarray(0, 4)
  if (kind === undefined || kind > 3 || padding.some(byte => byte !== 0)) {
    throw new BerthError('INTERNAL', `expected a frame header of a multiplexed stream, found ${header.toString('hex')}`)
  }
  return kind === 2 || kind === 3 ? 'stderr' : 'stdout'
}

/** What a container wrote, piece by piece; a stream that is not multiplexed (a terminal's) is all stdout. */
export async function* readOutput(body: AsyncIterable<Buffer>, isMultiplexed: boolean): AsyncGenerator<OutputChunk> {
  const decode = createFrameDecoder()
  for await (const chunk of body) {
    if (isMultiplexed) yield* decode(chunk)
    else yield { stream: 'stdout', data: chunk }
  }
}
