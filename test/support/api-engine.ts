import { randomBytes } from 'node:crypto'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { after, before, describe } from 'node:test'
import { TestDaemon } from './daemon.ts'
import { type Answer, callOn, openOn, requestOn } from './engine-requests.ts'
import { busyboxLayer, dockerArchive } from './image-archive.ts'

/** What a check of the Engine API needs: a socket, an image with a shell, names of its own, and everything it made gone at the end. */
export class ApiEngine {
  readonly name: 'berthd' | 'dockerd'
  readonly socket: string
  /** Of a berthd of our own: what its cgroups, rules and folders are named by. */
  readonly instance: string | undefined
  /** Busybox, no command; loaded for this engine alone. */
  readonly image = `berth-test-${randomBytes(4).toString('hex')}:1`
  readonly #prefix = `bt${randomBytes(4).toString('hex')}`
  readonly #close: () => Promise<void>

  constructor(name: 'berthd' | 'dockerd', socket: string, close: () => Promise<void>, instance?: string) {
    this.name = name
    this.instance = instance
    this.socket = socket
    this.#close = close
  }

  /** A name that nobody else uses; containers and volumes with such names are removed at the end. */
  unique(name: string): string {
    return `${this.#prefix}-${name}`
  }

  request(method: string, path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return requestOn(this.socket, method, path, body, headers)
  }

  /** Like `request`, throwing for a status of 400 and above; answers the parsed body. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return callOn(this.socket, method, path, body)
  }

  /** The response as soon as its headers are there. A Buffer goes as it is, anything else as JSON. */
  open(method: string, path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
    return openOn(this.socket, method, path, body, headers)
  }

  async create(
    name: string,
    command: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { Id } = await this.call<{ Id: string }>('POST', `/containers/create?name=${this.unique(name)}`, {
      Image: this.image,
      Cmd: command,
      ...more,
    })
    return Id
  }

  async run(name: string, command: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = await this.create(name, command, more)
    await this.call('POST', `/containers/${id}/start`)
    return id
  }

  /** Runs to the end and answers the exit code. */
  async finish(id: string): Promise<number> {
    const waiting = this.request('POST', `/containers/${id}/wait?condition=next-exit`)
    await this.call('POST', `/containers/${id}/start`)
    return ((await waiting).json as { StatusCode: number }).StatusCode
  }

  async close(): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ name: [this.#prefix] }))
    const containers = await this.call<{ Id: string }[]>('GET', `/containers/json?all=1&filters=${filters}`)
    await Promise.all(containers.map(({ Id }) => this.request('DELETE', `/containers/${Id}?force=1&v=1`)))
    const { Volumes } = await this.call<{ Volumes: { Name: string }[] | null }>('GET', `/volumes?filters=${filters}`)
    for (const { Name } of Volumes ?? []) await this.request('DELETE', `/volumes/${Name}`)
    await this.request('DELETE', `/images/${this.image}?force=1`)
    await this.#close()
  }
}

/**
 * Runs a suite on a berthd of its own and, where BERTH_PEER_HOST names a dockerd's socket (`unix:///path`), on that one too: what is checked is what
 * dockerd does. A difference that stays is marked in the test with its reason. With arguments for berthd, `peer` is a dockerd that has the same.
 */
export function onEngines(
  title: string,
  define: (engine: () => ApiEngine) => void,
  {
    daemonArguments = [],
    peer = process.env['BERTH_PEER_HOST'],
  }: { readonly daemonArguments?: readonly string[]; readonly peer?: string | undefined } = {},
): void {
  for (const name of ['berthd', ...(peer === undefined ? [] : ['dockerd'])] as const) {
    describe(`${title} (${name})`, () => {
      let engine: ApiEngine | undefined
      before(async () => {
        if (name === 'berthd') {
          const daemon = await TestDaemon.start(daemonArguments)
          engine = new ApiEngine('berthd', daemon.socket, () => daemon[Symbol.asyncDispose](), daemon.instance)
        } else engine = new ApiEngine('dockerd', (peer ?? '').replace(/^unix:\/\//, ''), async () => {})
        await engine.call('POST', '/images/load', dockerArchive([busyboxLayer()], [engine.image]))
      })
      define(() => {
        if (engine === undefined) throw new Error('the engine has not been started')
        return engine
      })
      // After what the suite itself has to put away.
      after(() => engine?.close())
    })
  }
}
