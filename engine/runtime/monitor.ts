import type { Socket } from 'node:net'
import type { BerthError } from '../../schemas/errors.ts'
import type { ContainerUsage, MonitorEvent, MonitorState, StartConfig } from '../../schemas/runtime/monitor.ts'
import type { OciProcess, OciResources } from '../../schemas/runtime/oci.ts'
import { NativeConnection } from './connection.ts'
import { connectUnixSocket } from './unix-socket.ts'

/** The monitor of one container, over its control connection. Requests reject with NativeError, or UNAVAILABLE when the monitor is gone. */
export class Monitor {
  readonly #connection: NativeConnection
  readonly #socketPath: string
  /** As it was when this connection began. */
  readonly state: MonitorState

  private constructor(connection: NativeConnection, socketPath: string, state: MonitorState) {
    this.#connection = connection
    this.#socketPath = socketPath
    this.state = state
  }

  /** Connects to `<bundle>/monitor.sock`. `onEvent` is subscribed before the state is asked for, so that no exit falls between. */
  static async connect(bundle: string, onEvent: (event: MonitorEvent) => void): Promise<Monitor> {
    const socketPath = `${bundle}/monitor.sock`
    const connection = await NativeConnection.connect(socketPath, 'the monitor')
    connection.onEvent(message => onEvent(message as unknown as MonitorEvent))
    const state = await connection.request<MonitorState>({ op: 'control' })
    return new Monitor(connection, socketPath, state)
  }

  start(
    config: StartConfig,
  ): Promise<{ readonly pid: number; readonly startedAt: string; readonly warnings: readonly string[] }> {
    return this.#connection.request({ op: 'start', ...config })
  }
  async signal(signal: number, all = false): Promise<void> {
    await this.#connection.request({ op: 'signal', signal, ...(all ? { all } : {}) })
  }
  exec(execId: string, process: OciProcess, stdin: boolean): Promise<{ readonly pid: number }> {
    return this.#connection.request({ op: 'exec', execId, process, stdin })
  }
  async resize(height: number, width: number, execId?: string): Promise<void> {
    await this.#connection.request({ op: 'resize', height, width, ...(execId === undefined ? {} : { execId }) })
  }
  async pause(): Promise<void> {
    await this.#connection.request({ op: 'pause' })
  }
  async resume(): Promise<void> {
    await this.#connection.request({ op: 'resume' })
  }
  async update(resources: OciResources): Promise<void> {
    await this.#connection.request({ op: 'update', resources })
  }
  usage(): Promise<ContainerUsage> {
    return this.#connection.request({ op: 'usage' })
  }
  async processes(): Promise<readonly number[]> {
    return (await this.#connection.request<{ pids: readonly number[] }>({ op: 'processes' })).pids
  }
  /** Kills what is left, removes mounts and cgroup, ends the monitor. */
  async release(): Promise<void> {
    await this.#connection.request({ op: 'release' })
    this.#connection.close()
  }
  /** Ends this connection only. */
  close(): void {
    this.#connection.close()
  }
  onClose(listener: (reason: BerthError) => void): void {
    this.#connection.onClose(listener)
  }

  /** A connection of its own that carries the streams of the main process, or of an exec that is about to begin. */
  attach(streams: AttachStreams): Promise<AttachedStreams> {
    return attachTo(this.#socketPath, streams)
  }
}

export interface AttachStreams {
  readonly execId?: string
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

/** Bare bytes both ways from here on; `rest` came right behind the answer. */
export interface AttachedStreams {
  readonly socket: Socket
  readonly rest: Buffer
}

async function attachTo(path: string, streams: AttachStreams): Promise<AttachedStreams> {
  const socket = await connectUnixSocket(path, 'the monitor')
  const connection = NativeConnection.over(socket, socket, 'the monitor')
  await connection.requestLast({ op: 'attach', ...streams })
  return connection.takeSocket()
}
