import type { Problem } from './problems.ts'

/** A stack file above this is refused: ten thousand lines are a third of a megabyte. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024

/** UTF-8 (also UTF-16 with a byte order mark) to text; bytes that are neither become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (!isUtf16) return new TextDecoder('utf-8').decode(bytes)
  return new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes)
}

/** What to tell when a file could not be read; other errors are thrown on. */
export function fileProblem(error: unknown, path: string, what: string): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { code: 'file-not-found', message: `${what} ${path} does not exist` }
    case 'EISDIR':
      return { code: 'not-a-file', message: `${what} ${path} is a folder` }
    case 'EACCES':
    case 'EPERM':
      return { code: 'file-not-readable', message: `${what} ${path} may not be read` }
    case undefined:
      throw error
    default:
      return { code: 'file-not-readable', message: `${what} ${path} cannot be read (${code})` }
  }
}
