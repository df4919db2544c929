import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { BerthError, errorTable } from '../../schemas/errors.ts'
import { commandTable } from '../commands/table.ts'
import { run } from '../run.ts'
import { written } from '../ui/streams.ts'
import { CallerInput, CallerOutput } from './caller.ts'
import {
  createFrameSplitter,
  decodeRequest,
  encodeFrame,
  fromLauncher,
  fromStandby,
  type RunRequest,
} from './frames.ts'
import { sweep } from './sweep.ts'

const idleMs = 10 * 60_000
const requestTimeoutMs = 5_000

/** Commands whose code is loaded before anybody asks. */
const everyday = ['up', 'down', 'ps', 'plan', 'logs', 'exec']

/** Serves runs of the command line at `socketPath` until there has been no work for ten minutes. */
export function serve(distDir: string, socketPath: string): void {
  let running = 0
  let isSpent = false
  const leave = () => {
    for (const ending of ['.sock', '.lock']) rmSync(socketPath.replace(/\.sock$/, ending), { force: true })
    process.exit(0)
  }
  const idle = setTimeout(leave, idleMs)
  const server = createServer(socket => {
    running++
    const caller = new Caller(socket, distDir)
    caller.finished.then(({ isClean }) => {
      running--
      idle.refresh()
      isSpent ||= !isClean
      // What an abandoned command was waiting for ends with the process, as it would have anywhere else.
      if (isSpent) server.close()
      if (isSpent && running === 0) leave()
    })
  })
  server.on('error', () => process.exit(1))
  process.once('SIGTERM', leave)
  server.listen(socketPath, () => {
    void warmUp()
    void sweep(socketPath, idleMs)
  })
}

async function warmUp(): Promise<void> {
  for (const entry of commandTable) if ('load' in entry && everyday.includes(entry.name)) await entry.load()
}

/** One launcher and its run. */
class Caller {
  /** `isClean`: nothing of the run is left behind. */
  readonly finished: Promise<{ readonly isClean: boolean }>
  readonly #socket: Socket
  readonly #distDir: string
  readonly #interrupt = new AbortController()
  #input: CallerInput | undefined
  #outputs: readonly CallerOutput[] = []
  #size: readonly [number, number] | undefined
  #finish: (end: { readonly isClean: boolean }) => void = () => {}
  #hasRequest = false

  constructor(socket: Socket, distDir: string) {
    this.#socket = socket
    this.#distDir = distDir
    this.finished = new Promise(resolve => {
      this.#finish = resolve
    })
    const split = createFrameSplitter()
    socket.setTimeout(requestTimeoutMs, () => this.#hasRequest || socket.destroy())
    socket.on('data', chunk => {
      for (const { type, payload } of split(chunk)) this.#take(type, payload)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#hasRequest) this.#interrupted()
      else this.#finish({ isClean: true })
    })
  }

  #take(type: string, payload: Buffer): void {
    if (type === fromLauncher.request && !this.#hasRequest) {
      this.#hasRequest = true
      this.#run(decodeRequest(payload)).then(this.#finish)
    } else if (type === fromLauncher.signal) this.#interrupted()
    else if (type === fromLauncher.input) this.#input?.receive(payload)
    else if (type === fromLauncher.size && payload.length === 4) {
      this.#size = [payload.readUInt16LE(0), payload.readUInt16LE(2)]
      for (const output of this.#outputs) output.setSize(...this.#size)
    }
  }

  #interrupted(): void {
    if (!this.#interrupt.signal.aborted) this.#interrupt.abort(new BerthError('CANCELLED', 'interrupted'))
  }

  async #run({ cwd, terminals, argv, env }: RunRequest): Promise<{ readonly isClean: boolean }> {
    const socket = this.#socket
    socket.write(encodeFrame(fromStandby.accept, Buffer.alloc(0)))
    const stdout = new CallerOutput(socket, fromStandby.out, terminals[1])
    const stderr = new CallerOutput(socket, fromStandby.err, terminals[2])
    this.#outputs = [stdout, stderr]
    // The size comes right behind the request, and a display is drawn with it from the first line on.
    await new Promise(setImmediate)
    if (this.#size) for (const output of this.#outputs) output.setSize(...this.#size)
    const stdin = () => {
      this.#input ??= new CallerInput(socket, terminals[0])
      return this.#input
    }
    const world = { stdin, stdout, stderr, env, cwd, distDir: this.#distDir, signal: this.#interrupt.signal }
    const { code, isAbandoned } = await run(argv, world).catch(error => {
      stderr.write(`${error instanceof Error ? error.stack : error}\n`)
      return { code: errorTable.INTERNAL.exitCode, isAbandoned: true }
    })
    await Promise.all([written(stdout), written(stderr)])
    if (!socket.destroyed) socket.end(encodeFrame(fromStandby.exit, Buffer.from([code & 0xff])))
    this.#input?.destroy()
    return { isClean: !isAbandoned }
  }
}
