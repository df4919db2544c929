import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSummary } from '../../schemas/api/containers.ts'
import type { TestDaemon } from '../support/daemon.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

/** Six services in three waves, all ending quickly when asked to. */
export const SIX_SERVICES = `
x-sleeper: &sleeper
  image: rootfs:/
  init: true
  command: [sleep, "1000"]
services:
  store: *sleeper
  queue: *sleeper
  api: {<<: *sleeper, depends_on: [store, queue]}
  worker: {<<: *sleeper, depends_on: [queue]}
  web: {<<: *sleeper, depends_on: [api]}
  cron: {<<: *sleeper, depends_on: [worker], restart: always}
`

export interface CommandEnd {
  readonly code: number | null
  readonly output: string
}

/** A stack file beside a daemon, and the built command line run against it. */
export class Stack {
  readonly #daemon: TestDaemon
  readonly #file: string

  constructor(daemon: TestDaemon, text: string) {
    this.#daemon = daemon
    this.#file = join(daemon.folder, 'stack.yaml')
    writeFileSync(this.#file, `name: ${daemon.instance}\n${text}`)
  }

  /** Starts `berth ARGUMENTS`; `ended` resolves with its exit code and all it wrote. */
  begin(...argv: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<CommandEnd> } {
    const child = spawn(process.execPath, [join(root, 'dist/berth.cjs'), '-f', this.#file, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, BERTH_HOST: `unix://${this.#daemon.socket}` },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
    return { child, ended: once(child, 'close').then(([code]) => ({ code, output })) }
  }

  run(...argv: readonly string[]): Promise<CommandEnd> {
    return this.begin(...argv).ended
  }

  /** The pid of each running container by its service. */
  async pids(): Promise<Readonly<Record<string, number>>> {
    const containers = await this.#daemon.call<readonly ContainerSummary[]>('GET', '/containers/json')
    const states = await Promise.all(containers.map(it => this.#daemon.inspect(it.Id)))
    return Object.fromEntries(
      states.map(it => [it.Config.Labels?.['com.docker.compose.service'] ?? it.Id, it.State.Pid]).sort(),
    )
  }
}

/** Resolves at the `count`-th event `type action` (`container start`); to be called, and awaited twice, before the event can happen. */
export async function watchFor(daemon: TestDaemon, wanted: string, count: number): Promise<{ seen: Promise<void> }> {
  const response = await daemon.open('GET', '/events')
  const seen = new Promise<void>((resolve, reject) => {
    let left = count
    let rest = ''
    response.once('close', () => reject(new Error(`the events ended before "${wanted}"`)))
    response.on('data', chunk => {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const { Type, Action } of lines.filter(Boolean).map(line => JSON.parse(line)))
        if (`${Type} ${Action}` === wanted && --left === 0) resolve()
    })
  })
  response.on('error', () => undefined)
  seen.catch(() => undefined)
  return { seen }
}

/** Every process in the daemon's cgroups, over all hierarchies. */
export function processesOf(daemon: TestDaemon): ReadonlySet<number> {
  const pids = readdirSync('/sys/fs/cgroup', { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(({ name }) => [join('/sys/fs/cgroup', name, daemon.instance), join('/sys/fs/cgroup', daemon.instance)])
    .flatMap(folder => members(folder))
  return new Set(pids)
}

function members(folder: string): readonly number[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .flatMap(entry => readFileSync(join(folder, entry.name, 'cgroup.procs'), 'utf8').split('\n'))
      .filter(Boolean)
      .map(Number)
  } catch {
    return []
  }
}
