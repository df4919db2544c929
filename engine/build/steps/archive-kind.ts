import { constants, gunzipSync } from 'node:zlib'
import { BerthError } from '../../../schemas/errors.ts'
import { parseHeader } from '../../images/tar/header.ts'
import type { Found } from './copy-sources.ts'

const startBytes = 64 * 1024

/** The first bytes of a file. */
export async function readStart(found: Found): Promise<Buffer> {
  const pieces: Buffer[] = []
  let have = 0
  for await (const { content } of found.open()) {
    for await (const piece of content) {
      pieces.push(piece)
      have += piece.length
      if (have >= startBytes) break
    }
    break
  }
  return Buffer.concat(pieces).subarray(0, startBytes)
}

/** True for what ADD unpacks: a tar, plain or compressed. Throws NOT_IMPLEMENTED for compressions that the layer worker does not know. */
export function detectArchive(start: Buffer, name: string): boolean {
  if (isTar(start)) return true
  if (start.length < 6) return false
  if (start.readUInt16BE(0) === 0x1f8b) return isTar(beginOfGzip(start))
  if (start.readUInt32BE(0) === 0x28b52ffd) return true
  const isXz = start.subarray(0, 6).equals(Buffer.from('fd377a585a00', 'hex'))
  const isBzip2 = start.toString('latin1', 0, 3) === 'BZh'
  if (!isXz && !isBzip2) return false
  throw new BerthError(
    'NOT_IMPLEMENTED',
    `${name}: ADD unpacks plain, gzip and zstd archives, and this is ${isXz ? 'xz' : 'bzip2'}`,
    {
      hint: 'COPY it and unpack it with RUN',
    },
  )
}

function beginOfGzip(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return Buffer.alloc(0)
  }
}

function isTar(start: Buffer): boolean {
  if (start.length < 512) return false
  try {
    return parseHeader(start.subarray(0, 512)) !== undefined
  } catch {
    return false
  }
}
