// How many system calls a command makes, its children included, counted by strace.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Undefined where there is no strace; throws when the command fails. */
export function countCalls(words) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-strace-'))
  try {
    const trace = join(folder, 'trace')
    const { status, error, stderr } = spawnSync('strace', ['-f', '-qqq', '-e', 'signal=none', '-o', trace, ...words])
    if (error) return undefined
    if (status !== 0) throw new Error(`${words.join(' ')}: exit ${status}\n${stderr}`)
    // A call that another process interrupted is written in two halves.
    return readFileSync(trace, 'utf8')
      .split('\n')
      .filter(line => line && !line.includes(' resumed>')).length
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
