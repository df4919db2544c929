import { type ChildProcess, spawn } from 'node:child_process'
import { BerthError } from '../../schemas/errors.ts'
import type { HostFacts, SpawnerEvent } from '../../schemas/runtime/spawner.ts'
import { NativeConnection } from './connection.ts'

/** What berthd asks of the native spawner: every process that Berth makes comes from it, forked without exec. */
export interface Spawner {
  /** Forks the monitor of one container; it listens on `<bundle>/monitor.sock` when this resolves. */
  monitor(containerId: string, bundle: string): Promise<{ readonly pid: number }>
  /** Forks a layer worker that takes one connection on `socket`. */
  layer(socket: string): Promise<{ readonly pid: number }>
  /** Starts netd on `<runDir>/netd.sock` unless it runs. */
  netd(): Promise<{ readonly pid: number; readonly started: boolean }>
  facts(): Promise<HostFacts>
  /** Told when a monitor or layer worker ends. Returns the function that ends the subscription. */
  onWorkerExit(listener: (event: SpawnerEvent) => void): () => void
  /** Closes its stdin: it exits; monitors and netd go on. */
  close(): Promise<void>
}

export interface SpawnerOptions {
  /** Path of berth-native. */
  readonly native: string
  readonly runDir: string
  /** Name that cgroups and tables are made under. */
  readonly instance: string
  /** Called when the spawner ends unasked. */
  readonly onLost: (reason: string) => void
}

/** Starts `berth-native spawner`: the only process that Node itself forks, once, before anything is served. */
export async function startSpawner(options: SpawnerOptions): Promise<Spawner> {
  const child = spawn(options.native, ['spawner', '--run-dir', options.runDir, '--instance', options.instance], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {},
    cwd: '/',
    // Its own process group: a Ctrl-C for berthd on a terminal must not reach monitors.
    detached: true,
  })
  await started(child, options.native)
  const connection = NativeConnection.over(child.stdout, child.stdin, 'spawner')
  const listeners = new Set<(event: SpawnerEvent) => void>()
  connection.onEvent(message => {
    for (const listener of listeners) listener(message as unknown as SpawnerEvent)
  })
  let isClosing = false
  const exited = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      resolve()
      if (!isClosing) options.onLost(`the spawner ended (${signal ?? `code ${code}`})`)
    })
  })
  return {
    monitor: (containerId, bundle) => connection.request({ op: 'monitor', containerId, bundle }),
    layer: socket => connection.request({ op: 'layer', socket }),
    netd: () => connection.request({ op: 'netd' }),
    facts: () => connection.request({ op: 'facts' }),
    onWorkerExit: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      isClosing = true
      child.stdin.end()
      await exited
    },
  }
}

async function started(child: ChildProcess, native: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', cause => {
      reject(
        new BerthError('UNAVAILABLE', `${native} could not be started: ${cause.message}`, {
          cause,
          hint: 'build it: npm run build',
        }),
      )
    })
  })
}
