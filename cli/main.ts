import { BerthError, errorTable } from '../schemas/errors.ts'
import { run } from './run.ts'
import { written } from './ui/streams.ts'

/** Entry of dist/berth.cjs: the run of this process: reads its world, and ends it. */
export function start(distDir: string): void {
  const signal = interruptSignal()
  ignoreBrokenPipes()
  const { stdout, stderr, env } = process
  const world = { stdin: () => process.stdin, stdout, stderr, env, cwd: process.cwd(), distDir, signal }
  run(process.argv.slice(2), world)
    .catch(error => {
      console.error(error)
      return { code: errorTable.INTERNAL.exitCode }
    })
    .then(async ({ code }) => {
      await Promise.all([written(stdout), written(stderr)])
      process.exit(code)
    })
}

/** The first SIGINT, SIGTERM or SIGHUP asks for a clean stop; another one ends the process at once. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        // A progress display that was cut off had hidden the cursor.
        if (process.stderr.isTTY) process.stderr.write('\u001b[?25h')
        process.exit(errorTable.CANCELLED.exitCode)
      }
      controller.abort(new BerthError('CANCELLED', 'interrupted'))
    })
  }
  return controller.signal
}

/** `berth logs | head` ends quietly, with the status of a process that SIGPIPE killed; lost progress on stderr stops nothing. */
function ignoreBrokenPipes(): void {
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141)
    throw error
  })
}
