import { spawn } from 'node:child_process'
import { mkdir, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { ReadyMessage } from '../../schemas/daemon/launch.ts'
import { BerthError } from '../../schemas/errors.ts'
import { logTail } from './log-tail.ts'
import { parseReadyMessage } from './pid-file.ts'
import type { DaemonPlaces } from './places.ts'

export interface LaunchOptions extends DaemonPlaces {
  /** Folder of berthd.cjs. */
  readonly distDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
}

/** What a daemon may inherit from the shell that happens to start it. */
const inherited = /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|NODE_.*|BERTH_.*|(https?|no|all)_proxy)$/i

/**
 * Starts berthd in a session of its own and waits until it says that it serves (schemas/daemon/launch.ts). Its output goes to the log file.
 * Throws UNAVAILABLE with the end of the log if it dies before.
 */
export async function launchDaemon(options: LaunchOptions): Promise<ReadyMessage> {
  const { dataRoot, runDir, logFile, distDir } = options
  const program = join(distDir, 'berthd.cjs')
  if (!(await exists(program))) {
    throw new BerthError('UNAVAILABLE', `the daemon's program is missing: ${program}`, {
      hint: 'build it with "npm run build"',
    })
  }
  await mkdir(dataRoot, { recursive: true, mode: 0o710 })
  await using log = await open(logFile, 'a', 0o640)
  const logStart = (await log.stat()).size
  const argv = [program, '--data-root', dataRoot, '--run-dir', runDir, '--ready-fd', '3']
  if (options.instance !== undefined) argv.push('--instance', options.instance)
  const child = spawn(process.execPath, argv, {
    cwd: '/',
    detached: true,
    env: Object.fromEntries(Object.entries(options.env).filter(([name]) => inherited.test(name))),
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
  })
  child.unref()
  const ready = child.stdio[3] as Readable
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs)
  try {
    const message = parseReadyMessage(await readLine(ready))
    if (message) return message
    throw await whyItDied(logFile, logStart, options.timeoutMs, child.killed)
  } finally {
    clearTimeout(timer)
    ready.destroy()
  }
}

async function readLine(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text
}

async function whyItDied(
  logFile: string,
  logStart: number,
  timeoutMs: number,
  isTimeout: boolean,
): Promise<BerthError> {
  const lines = await logTail(logFile, logStart, 8)
  const what = isTimeout
    ? `the daemon was not ready within ${timeoutMs / 1000} s and was stopped`
    : 'the daemon stopped while it was starting'
  const said = lines.length > 0 ? `; it said:\n${lines.map(line => `  ${line}`).join('\n')}` : ' and said nothing'
  return new BerthError(isTimeout ? 'TIMEOUT' : 'UNAVAILABLE', what + said, { hint: `the whole log is in ${logFile}` })
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
