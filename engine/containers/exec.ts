import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { ExecCreateRequest, ExecInspect, ExecStartRequest } from '../../schemas/api/exec.ts'
import { BerthError } from '../../schemas/errors.ts'
import { publish } from './announce.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { execProcess } from './exec-capture.ts'
import { describeExecFailure, execFailureCode } from './exec-failure.ts'
import { joinStreams, parseDetachKeys } from './streams.ts'

interface Exec {
  readonly id: string
  readonly container: Container
  readonly request: ExecCreateRequest & { readonly Cmd: readonly string[] }
  isStarted: boolean
  isRunning: boolean
  exitCode: number | undefined
  pid: number
}

/** Ended execs are remembered so that clients can ask for their exit code; the oldest go first. */
const keptExecs = 10_000

/** Execs of all containers, in memory: none outlives the daemon's interest in it. */
export class Execs {
  readonly #context: ContainerContext
  readonly #byId = new Map<string, Exec>()

  constructor(context: ContainerContext) {
    this.#context = context
  }

  create(reference: string, request: ExecCreateRequest): string {
    const container = this.#context.registry.get(reference)
    const command = request.Cmd ?? []
    if (command.length === 0) throw new BerthError('INVALID_ARGUMENT', 'No exec command specified')
    parseDetachKeys(request.DetachKeys)
    requireRunning(container)
    const id = randomBytes(32).toString('hex')
    this.#byId.set(id, {
      id,
      container,
      request: { ...request, Cmd: command },
      isStarted: false,
      isRunning: false,
      exitCode: undefined,
      pid: 0,
    })
    container.live.execIds.add(id)
    this.#forgetOldest()
    publish(this.#context, container, `exec_create: ${shownCommand(command)}`, { execID: id })
    return id
  }

  /** True when the exec has a terminal: its stream is raw then. */
  hasTerminal(id: string): boolean {
    return this.#get(id).request.Tty === true
  }

  /** Starts without streams. */
  async startDetached(id: string): Promise<void> {
    const exec = this.#begin(id)
    await this.#run(exec)
  }

  /**
   * Starts with streams. `openClient` gives the client's connection; it is called only once the monitor is ready, so that every failure before
   * can still be told as an HTTP status. Resolves when the exec has ended and its output is through.
   */
  async startAttached(id: string, options: ExecStartRequest, openClient: () => Duplex): Promise<void> {
    const exec = this.#begin(id)
    const { monitor } = exec.container.live
    if (monitor === undefined) throw notRunning(exec.container)
    const { request } = exec
    const wantsInput = request.AttachStdin === true
    const streams = await monitor.attach({
      execId: id,
      stdin: wantsInput,
      stdout: request.AttachStdout === true,
      stderr: request.AttachStderr === true,
    })
    let ended: Promise<void>
    try {
      ended = (await this.#run(exec, options.ConsoleSize)).ended
    } catch (error) {
      streams.socket.destroy()
      // As dockerd: the stream is opened all the same and carries the reason; the exit code tells of the failure.
      endWithMessage(openClient(), error, request.Tty === true)
      return
    }
    // The exit code must be there for whoever asks right after the stream's end: the two come over different connections.
    const detachKeys = request.Tty === true ? { detachKeys: parseDetachKeys(request.DetachKeys) } : {}
    const onDetach = () => publish(this.#context, exec.container, 'exec_detach', { execID: id })
    await joinStreams(openClient(), streams, { forwardsInput: wantsInput, beforeEnd: ended, ...detachKeys, onDetach })
  }

  async resize(id: string, height: number, width: number): Promise<void> {
    const exec = this.#get(id)
    if (!exec.isRunning) throw new BerthError('CONFLICT', `exec ${id} is not running`)
    await exec.container.live.monitor?.resize(height, width, id)
  }

  inspect(id: string): ExecInspect {
    const exec = this.#get(id)
    const [entrypoint = '', ...args] = exec.request.Cmd
    return {
      ID: exec.id,
      Running: exec.isRunning,
      ExitCode: exec.exitCode ?? null,
      ProcessConfig: {
        tty: exec.request.Tty === true,
        entrypoint,
        arguments: args,
        privileged: exec.request.Privileged === true,
        ...(exec.request.User ? { user: exec.request.User } : {}),
      },
      OpenStdin: exec.request.AttachStdin === true,
      OpenStdout: exec.request.AttachStdout === true,
      OpenStderr: exec.request.AttachStderr === true,
      CanRemove: exec.exitCode !== undefined,
      ContainerID: exec.container.record.id,
      DetachKeys: exec.request.DetachKeys ?? '',
      Pid: exec.pid,
    }
  }

  /** Ids of a container's execs that run, for inspect. */
  runningIds(container: Container): readonly string[] {
    return [...container.live.execIds].filter(id => this.#byId.get(id)?.isRunning === true)
  }

  /** Forgets a removed container's execs. */
  forget(container: Container): void {
    for (const id of container.live.execIds) this.#byId.delete(id)
    container.live.execIds.clear()
  }

  #get(id: string): Exec {
    const exec = this.#byId.get(id)
    if (exec === undefined) throw new BerthError('NOT_FOUND', `No such exec instance: ${id}`)
    return exec
  }

  #begin(id: string): Exec {
    const exec = this.#get(id)
    if (exec.isStarted) {
      throw new BerthError(
        'CONFLICT',
        exec.exitCode === undefined ? `exec command ${id} is already running` : `exec command ${id} has already run`,
      )
    }
    requireRunning(exec.container)
    exec.isStarted = true
    return exec
  }

  /** Resolves when the program runs; the result tells of its end (wrapped: a bare promise would be awaited with it). */
  async #run(exec: Exec, consoleSize?: readonly number[]): Promise<{ readonly ended: Promise<void> }> {
    const { container, request, id } = exec
    const { monitor, execWaiters } = container.live
    if (monitor === undefined) throw notRunning(container)
    const [height, width] = consoleSize?.length === 2 ? consoleSize : (request.ConsoleSize ?? [])
    const ended = new Promise<void>(resolve => {
      execWaiters.set(id, code => {
        execWaiters.delete(id)
        exec.isRunning = false
        exec.exitCode = code
        publish(this.#context, container, 'exec_die', { execID: id, exitCode: String(code) })
        resolve()
      })
    })
    publish(this.#context, container, `exec_start: ${shownCommand(request.Cmd)}`, { execID: id })
    try {
      const process = await execProcess(this.#context, container, {
        args: request.Cmd,
        env: request.Env ?? [],
        user: request.User ?? '',
        workingDir: request.WorkingDir ?? '',
        isTerminal: request.Tty === true,
        isPrivileged: request.Privileged === true,
        ...(height && width ? { consoleSize: { height, width } } : {}),
      })
      exec.isRunning = true
      const { pid } = await monitor.exec(id, process, request.AttachStdin === true)
      exec.pid = pid
    } catch (error) {
      execWaiters.get(id)?.(execFailureCode(error))
      throw describeExecFailure(error, request.Cmd[0] ?? '')
    }
    return { ended }
  }

  #forgetOldest(): void {
    for (const [id, exec] of this.#byId) {
      if (this.#byId.size <= keptExecs) return
      if (exec.exitCode === undefined) continue
      this.#byId.delete(id)
      exec.container.live.execIds.delete(id)
    }
  }
}

/** dockerd puts a space between the program and its arguments even where there are none. */
const shownCommand = ([program = '', ...rest]: readonly string[]): string => `${program} ${rest.join(' ')}`

function requireRunning(container: Container): void {
  const { status } = container.state
  if (status === 'paused') {
    throw new BerthError('CONFLICT', `Container ${container.record.name} is paused, unpause the container before exec`)
  }
  if (status === 'restarting') {
    throw new BerthError(
      'CONFLICT',
      `Container ${container.record.id} is restarting, wait until the container is running`,
    )
  }
  if (status !== 'running') throw notRunning(container)
}

const notRunning = (container: Container): BerthError =>
  new BerthError('CONFLICT', `container ${container.record.id} is not running`)

const stdoutStream = 1

function endWithMessage(client: Duplex, error: unknown, isTerminal: boolean): void {
  const text = Buffer.from(`${error instanceof Error ? error.message : error}\r\n`)
  const header = Buffer.from([stdoutStream, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(text.length, 4)
  client.on('error', () => undefined)
  client.resume()
  client.end(isTerminal ? text : Buffer.concat([header, text]))
}
