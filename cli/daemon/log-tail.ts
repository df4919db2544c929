import { readFile } from 'node:fs/promises'

/** The last lines that were written to the daemon's log after `fromByte`, each as a sentence: JSON lines show their message and error only. */
export async function logTail(logFile: string, fromByte: number, count: number): Promise<readonly string[]> {
  const text = (await readFile(logFile).catch(() => Buffer.alloc(0))).subarray(fromByte).toString()
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .slice(-count)
    .map(sentence)
}

function sentence(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const { msg, err, error, hint } = JSON.parse(line) as Record<string, unknown>
    const parts = [msg, messageOf(err) ?? messageOf(error), hint].filter(
      part => typeof part === 'string' && part !== '',
    )
    return parts.length > 0 ? [...new Set(parts)].join(': ') : line
  } catch {
    return line
  }
}

function messageOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : undefined
}
