import type { Readable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'

/** A tar ends with two blocks of zeros. */
const endBytes = 1024

/** A packed tree's bytes as they come; throws INTERNAL at the end when they were cut off, so that nobody takes a part for the whole. */
export async function* wholeTar(tar: Readable): AsyncGenerator<Buffer, void, undefined> {
  let last: Buffer = Buffer.alloc(0)
  for await (const chunk of tar as AsyncIterable<Buffer>) {
    last = chunk.length >= endBytes ? chunk : Buffer.concat([last, chunk]).subarray(-endBytes)
    yield chunk
  }
  const end = last.subarray(-endBytes)
  if (end.length < endBytes || end.some(byte => byte !== 0)) {
    throw new BerthError('INTERNAL', 'the archive was cut off: reading the container failed on the way')
  }
}
