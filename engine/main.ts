import { chmodSync, closeSync, existsSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pidFileName, type ReadyMessage } from '../schemas/daemon/launch.ts'
import { BerthError, errorTable } from '../schemas/errors.ts'
import { berthVersion } from '../schemas/version.ts'
import { startDaemon } from './daemon.ts'
import { createLogger, type Logger } from './log.ts'
import { type DaemonOptions, parseOptions, usage } from './options.ts'

/** berthd: argv -> exit code. SIGTERM and SIGINT stop the daemon and leave the containers running; the next one finds them again. */
async function main(): Promise<void> {
  let options: DaemonOptions | 'help' | 'version'
  try {
    options = parseOptions(process.argv.slice(2), process.env)
  } catch (error) {
    process.stderr.write(`berthd: ${describe(error)}\n${usage}`)
    process.exit(2)
  }
  if (options === 'help' || options === 'version') {
    process.stdout.write(options === 'help' ? usage : `berthd ${berthVersion}\n`)
    return
  }
  const log = createLogger(options.logLevel)
  try {
    await serve(options, log)
  } catch (error) {
    log.error({ err: error }, 'berthd could not start')
    process.stderr.write(`berthd: ${describe(error)}\n`)
    process.exit(error instanceof BerthError ? errorTable[error.code].exitCode : 1)
  }
}

async function serve(options: DaemonOptions, log: Logger): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new BerthError('FORBIDDEN', 'berthd needs to be root: it makes namespaces, mounts and cgroups', {
      hint: 'start it with sudo; members of the group "berth" may then use it without',
    })
  }
  process.umask(0o022)
  const daemon = await startDaemon(options, nativeProgram(), log, reason => {
    log.error({ reason }, 'berthd stops: it cannot go on')
    process.exit(1)
  })
  const pidFile = options.pidFile ?? join(options.runDir, pidFileName)
  const message: ReadyMessage = {
    pid: process.pid,
    version: berthVersion,
    socket: daemon.socket,
    runDir: options.runDir,
    dataRoot: options.dataRoot,
  }
  writeFileSync(pidFile, `${JSON.stringify(message)}\n`)
  chmodSync(pidFile, 0o644)
  log.info({ ...message, instance: options.instance }, 'serving')
  if (options.readyFd !== undefined) {
    writeSync(options.readyFd, `${JSON.stringify(message)}\n`)
    closeSync(options.readyFd)
  }
  stopOnSignal(log, async () => {
    await daemon.close()
    rmSync(daemon.socket, { force: true })
    rmSync(pidFile, { force: true })
  })
  process.on('unhandledRejection', error => log.error({ err: error }, 'unhandled rejection'))
}

/** A second signal does not wait any more. */
function stopOnSignal(log: Logger, close: () => Promise<void>): void {
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ signal }, 'stopping')
    close().then(
      () => process.exit(0),
      error => {
        log.error({ err: error }, 'stop failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('SIGHUP', () => undefined)
}

/** BERTH_NATIVE, or `berth-native` beside this program. */
function nativeProgram(): string {
  const named = process.env['BERTH_NATIVE']
  if (named !== undefined && named !== '') return named
  const path = join(dirname(process.argv[1] ?? ''), 'berth-native')
  if (!existsSync(path))
    throw new BerthError('UNAVAILABLE', `the native program is missing: ${path}`, { hint: 'build it: npm run build' })
  return path
}

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error instanceof BerthError && error.hint !== undefined ? `${error.message} (${error.hint})` : error.message
}

void main()
