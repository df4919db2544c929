import { BerthError } from '../../schemas/errors.ts'
import type { DaemonOutput } from '../../schemas/output/daemon.ts'
import { launchDaemon } from '../daemon/launch.ts'
import { runningDaemon } from '../daemon/pid-file.ts'
import { type DaemonPlaces, daemonPlaces } from '../daemon/places.ts'
import { stopDaemon } from '../daemon/stop.ts'
import { type Context, print, printJson } from '../session/context.ts'
import { choice, integer } from '../session/globals.ts'
import { defineCommand } from './definition.ts'

interface DaemonFlags {
  readonly dataRoot?: string
  readonly runDir?: string
  readonly instance?: string
  readonly timeout: number
  readonly format: 'text' | 'json'
}

export const daemon = defineCommand<DaemonFlags>({
  configure: command =>
    command
      .argument('<start|stop|status>', 'what to do')
      .option(
        '--data-root <path>',
        'where images, volumes and records are kept (default: /var/lib/berth, or BERTH_DATA_ROOT)',
      )
      .option('--run-dir <path>', 'where the socket is (default: /run/berth, or BERTH_RUN_DIR)')
      .option(
        '--instance <name>',
        'name for cgroups and firewall tables, for several daemons on one host (also BERTH_INSTANCE)',
      )
      .option('--timeout <seconds>', 'how long to wait for the start or the end', integer(1), 20)
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details:
    'Commands start the daemon by themselves when nothing answers at its default socket. Stopping it leaves the containers running.',
  examples: [
    { line: 'berth daemon start', means: 'start it, and wait until it serves' },
    { line: 'berth daemon status', means: 'exit code 0 if it runs, 3 if not' },
    { line: 'berth daemon stop', means: 'end it; containers go on' },
  ],
  async run(context, [action = ''], flags) {
    const places = daemonPlaces(context.env, flags)
    switch (action) {
      case 'start':
        return start(context, places, flags)
      case 'stop':
        return stop(context, places, flags)
      case 'status':
        return status(context, places, flags)
      default:
        throw new BerthError('USAGE', `unknown action "${action}"`, { hint: 'expected start, stop or status' })
    }
  },
})

async function start(context: Context, places: DaemonPlaces, { timeout, format }: DaemonFlags): Promise<number> {
  const running = await runningDaemon(places.pidFile)
  if (!running) requireRoot('start')
  const timeoutMs = timeout * 1000
  const ready = running ?? (await launchDaemon({ ...places, distDir: context.distDir, env: context.env, timeoutMs }))
  report(
    context,
    format,
    { state: 'running', wasRunning: running !== undefined, ...ready },
    running ? 'is already running' : 'started',
  )
  return 0
}

async function stop(context: Context, places: DaemonPlaces, { timeout, format }: DaemonFlags): Promise<number> {
  const running = await runningDaemon(places.pidFile)
  if (!running) {
    report(context, format, { state: 'stopped', runDir: places.runDir })
    return 0
  }
  requireRoot('stop')
  await stopDaemon(running, timeout * 1000)
  report(context, format, { state: 'stopped', runDir: places.runDir }, `stopped (pid ${running.pid})`)
  return 0
}

/** 3 is what `systemctl status` and LSB scripts say for a program that does not run. */
async function status(context: Context, places: DaemonPlaces, { format }: DaemonFlags): Promise<number> {
  const running = await runningDaemon(places.pidFile)
  report(
    context,
    format,
    running ? { state: 'running', ...running } : { state: 'stopped', runDir: places.runDir },
    'is running',
  )
  return running ? 0 : 3
}

function report(context: Context, format: DaemonFlags['format'], output: DaemonOutput, what?: string): void {
  if (format === 'json') printJson(context, output)
  else if (output.state === 'running')
    print(context, `berthd ${what}: pid ${output.pid}, socket ${output.socket}, data in ${output.dataRoot}\n`)
  else print(context, what?.startsWith('stopped') ? `berthd ${what}\n` : `berthd is not running in ${output.runDir}\n`)
}

function requireRoot(action: string): void {
  if (process.getuid?.() === 0) return
  throw new BerthError('FORBIDDEN', `only root may ${action} the daemon`, { hint: `run "sudo berth daemon ${action}"` })
}
