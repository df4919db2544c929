import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { NativeConnection } from '../../engine/runtime/connection.ts'
import type { ContainerInspect, ContainerSummary } from '../../schemas/api/containers.ts'
import { type Answer, callOn, openOn, requestOn } from './engine-requests.ts'
import { eventually } from './eventually.ts'
import { removeCgroups } from './tidy-run-dir.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

/** A berthd of the test's own: own folders, own instance name, nothing shared with any other. Needs root and a build. */
export class TestDaemon {
  readonly instance: string
  readonly folder: string
  readonly runDir: string
  readonly dataRoot: string
  readonly socket: string
  readonly #arguments: readonly string[]
  #child: ChildProcess | undefined

  private constructor(extraArguments: readonly string[]) {
    this.instance = `t${randomBytes(4).toString('hex')}`
    this.folder = mkdtempSync(join(tmpdir(), `berth-${this.instance}-`))
    this.runDir = join(this.folder, 'run')
    this.dataRoot = join(this.folder, 'data')
    this.socket = join(this.runDir, 'berth.sock')
    // One more place to listen at, not another.
    const own = extraArguments.includes('--host') ? ['--host', `unix://${this.socket}`] : []
    const everywhere = (process.env['BERTH_TEST_FLAGS'] ?? '').split(' ').filter(Boolean)
    this.#arguments = [...everywhere, ...extraArguments, ...own]
  }

  /** Starts one and waits until it serves. `await using daemon = await TestDaemon.start()` cleans up at the end of the block. */
  static async start(extraArguments: readonly string[] = []): Promise<TestDaemon> {
    const daemon = new TestDaemon(extraArguments)
    mkdirSync(daemon.dataRoot, { recursive: true })
    try {
      await daemon.launch()
    } catch (error) {
      await daemon[Symbol.asyncDispose]()
      throw error
    }
    return daemon
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Starts it (again) on the same folders. Rejects with the end of its log when it does not come up. */
  async launch(): Promise<void> {
    const log = openSync(join(this.folder, 'berthd.log'), 'a')
    const child = spawn(
      process.execPath,
      [
        join(root, 'dist/berthd.cjs'),
        '--run-dir',
        this.runDir,
        '--data-root',
        this.dataRoot,
        '--instance',
        this.instance,
      ].concat(['--ready-fd', '3'], this.#arguments),
      { stdio: ['ignore', log, log, 'pipe'] },
    )
    this.#child = child
    const ready = child.stdio[3] as Readable
    let text = ''
    for await (const chunk of ready) text += String(chunk)
    if (!text.includes('\n')) throw new Error(`berthd did not start:\n${this.log().slice(-2000)}`)
  }

  /** SIGKILL: what a crash looks like. Containers live on. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM: a clean stop. Containers live on. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  log(): string {
    return readFileSync(join(this.folder, 'berthd.log'), 'utf8')
  }

  /** One request; the body is sent as JSON. */
  request(method: string, path: string, body?: unknown): Promise<Answer> {
    return requestOn(this.socket, method, path, body)
  }

  /** Like `request`, throwing for a status of 400 and above; answers the parsed body. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return callOn(this.socket, method, path, body)
  }

  /** The response as soon as its headers are there. */
  open(method: string, path: string, body?: unknown, more: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
    return openOn(this.socket, method, path, body, more)
  }

  /** Creates a container from the host's own root (`rootfs:/`) running `command`; answers its id. */
  async create(
    name: string,
    command: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { Id } = await this.call<{ Id: string }>('POST', `/containers/create?name=${name}`, {
      Image: 'rootfs:/',
      Cmd: command,
      ...more,
    })
    return Id
  }

  /** Creates and starts. */
  async run(name: string, command: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = await this.create(name, command, more)
    await this.call('POST', `/containers/${id}/start`)
    return id
  }

  async inspect(reference: string): Promise<ContainerInspect> {
    return this.call('GET', `/containers/${reference}/json`)
  }

  /** Waits until a container runs no more; answers how it is then. */
  ended(reference: string): Promise<ContainerInspect> {
    return eventually(
      'its end',
      async () => {
        const it = await this.inspect(reference)
        return !it.State.Running && it
      },
      60_000,
    )
  }

  /** Output of both streams, frames taken off. */
  async logs(reference: string, query = ''): Promise<string> {
    const response = await this.open('GET', `/containers/${reference}/logs?stdout=1&stderr=1${query}`)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return demultiplex(Buffer.concat(chunks))
  }

  /** Events since the daemon began, as `action` or `action key=value` for the attributes named. */
  async events(
    filters: Readonly<Record<string, readonly string[]>>,
    attributes: readonly string[] = [],
  ): Promise<string[]> {
    const query = `since=0&until=${Date.now() / 1000}&filters=${encodeURIComponent(JSON.stringify(filters))}`
    const { text } = await this.request('GET', `/events?${query}`)
    return text
      .split('\n')
      .filter(Boolean)
      .map(line => {
        const event = JSON.parse(line)
        const shown = attributes.flatMap(name => {
          const value = event.Actor.Attributes[name]
          return value === undefined ? [] : [`${name}=${value}`]
        })
        return [event.Action, ...shown].join(' ')
      })
  }

  /** Removes every container, stops the daemon and netd, unmounts the run directory, deletes the folders. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isServing = this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
    if (!isServing && existsSync(join(this.dataRoot, 'state'))) await this.launch().catch(() => undefined)
    await this.#removeContainers().catch(() => undefined)
    await this.stop()
    await this.#stopNetd()
    await eventually('run directory unmounted', () => this.#unmount(), 5_000)
    removeCgroups(this.instance)
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #removeContainers(): Promise<void> {
    const containers = await this.call<readonly ContainerSummary[]>('GET', '/containers/json?all=1')
    await Promise.all(containers.map(it => this.request('DELETE', `/containers/${it.Id}?force=1&v=1`)))
  }

  async #stopNetd(): Promise<void> {
    const path = join(this.runDir, 'netd.sock')
    if (!existsSync(path)) return
    const netd = await NativeConnection.connect(path, 'netd').catch(() => undefined)
    await netd?.request({ op: 'shutdown' }).catch(() => undefined)
    netd?.close()
  }

  #unmount(): boolean {
    const isMounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${this.runDir} `)
    if (isMounted) execFileSync('umount', ['-R', this.runDir], { stdio: 'pipe' })
    return true
  }
}

/** Payloads of Docker's multiplexed frames. */
export function demultiplex(bytes: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4)
    parts.push(bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString('utf8')
}
