import { constants, gunzipSync } from 'node:zlib'
import { parseHeader } from '../../images/tar/header.ts'
import type { Found } from './copy-sources.ts'

const startBytes = 64 * 1024

/** The first bytes of a file; none of a folder. */
export async function readStart(found: Found): Promise<Buffer> {
  const pieces: Buffer[] = []
  let have = 0
  for await (const { content } of found.open()) {
    // A folder has no content of its own, and what is in it comes later.
    for await (const piece of content) {
      pieces.push(piece)
      have += piece.length
      if (have >= startBytes) break
    }
    break
  }
  return Buffer.concat(pieces).subarray(0, startBytes)
}

/** True for what ADD unpacks: a tar, plain or compressed. A gzip is looked into; whether another compression holds a tar shows when it is unpacked. */
export function detectArchive(start: Buffer): boolean {
  if (isTar(start)) return true
  if (start.length < 6) return false
  if (start.readUInt16BE(0) === 0x1f8b) return isTar(beginOfGzip(start))
  const isZstd = start.readUInt32BE(0) === 0x28b52ffd
  const isXz = start.subarray(0, 6).equals(Buffer.from('fd377a585a00', 'hex'))
  return isZstd || isXz || start.toString('latin1', 0, 3) === 'BZh'
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
