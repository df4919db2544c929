import { execFileSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'

const by =
  (program: string) =>
  (content: Buffer): Buffer =>
    execFileSync(program, ['-c'], { input: content })

export const gzip = (content: Buffer): Buffer => gzipSync(content)
export const bzip2 = by('bzip2')
export const xz = by('xz')
export const zstd = by('zstd')
