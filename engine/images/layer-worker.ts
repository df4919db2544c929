import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import PQueue from 'p-queue'
import { BerthError } from '../../schemas/errors.ts'
import type { ContainerView, LayerRequest, PathStatus, UnpackResult } from '../../schemas/runtime/layer.ts'
import { NativeConnection } from '../runtime/connection.ts'
import type { Spawner } from '../runtime/spawner.ts'

type UnpackOptions = Omit<Extract<LayerRequest, { op: 'unpack' }>, 'op' | 'id'>
type UnpackPathOptions = Omit<Extract<LayerRequest, { op: 'unpackPath' }>, 'op' | 'id'>
type CopyUpOptions = Omit<Extract<LayerRequest, { op: 'copyUp' }>, 'op' | 'id'>
type MountOptions = Omit<Extract<LayerRequest, { op: 'mount' }>, 'op' | 'id'>

export interface LayerWorkersOptions {
  readonly spawner: Pick<Spawner, 'layer'>
  /** Where sockets are made. */
  readonly runDir: string
  /** Workers at a time; each is one process that keeps one core busy. Default: as many as there are cores, at least 2. */
  readonly concurrency?: number
}

/** Starts native layer workers (schemas/runtime/layer.ts), one per job, a few at a time. */
export class LayerWorkers {
  readonly #options: LayerWorkersOptions
  readonly #queue: PQueue
  readonly #directory: string
  #isReady: Promise<unknown> | undefined
  #last = 0

  constructor(options: LayerWorkersOptions) {
    this.#options = options
    this.#directory = join(options.runDir, 'layer')
    this.#queue = new PQueue({ concurrency: options.concurrency ?? Math.max(2, availableParallelism()) })
  }

  /** Unpacks an archive: the range of a file that `options.source` names, or `archive`. Rejects with NativeError (stage 'archive': refused). */
  unpack(
    options: UnpackOptions,
    { archive, signal }: { readonly archive?: Readable; readonly signal?: AbortSignal } = {},
  ): Promise<UnpackResult> {
    return this.#run(signal, async connection => {
      const result = connection.request<UnpackResult>({ op: 'unpack', ...options })
      if (archive !== undefined) {
        archive.once('error', () => connection.close())
        archive.pipe(connection.output)
      }
      return result
    })
  }

  copyUp(options: CopyUpOptions, signal?: AbortSignal): Promise<{ readonly entries: number }> {
    return this.#run(signal, connection => connection.request({ op: 'copyUp', ...options }))
  }

  /** Mounts a volume's file system on the host's folder `target`. Rejects with NativeError, stage `mount`. */
  mount(options: MountOptions, signal?: AbortSignal): Promise<unknown> {
    return this.#run(signal, connection => connection.request({ op: 'mount', ...options }))
  }

  /** Also when nothing is mounted there. */
  unmount(target: string): Promise<unknown> {
    return this.#run(undefined, connection => connection.request({ op: 'unmount', target }))
  }

  /** Removes a tree, the folder itself included. */
  remove(target: string): Promise<{ readonly entries: number }> {
    return this.#run(undefined, connection => connection.request({ op: 'remove', target }))
  }

  /** The tar of a tree as a stream; one that ends without two blocks of zeros was cut off by an error. */
  async pack(
    source: string,
    whiteouts: 'overlay' | 'none',
    options: { readonly signal?: AbortSignal; readonly without?: readonly string[] } = {},
  ): Promise<Readable> {
    const { signal, without = [] } = options
    return (await this.#stream(signal, { op: 'pack', source, whiteouts, without })).stream
  }

  /** What is at a path of a container. Rejects with NativeError (errno ENOENT, ...). */
  stat(view: ContainerView, path: string, follows: boolean, signal?: AbortSignal): Promise<PathStatus> {
    return this.#run(signal, connection => connection.request<PathStatus>({ op: 'stat', view, path, follows }))
  }

  /** The same, and the tar of it. */
  async packPath(
    options: { readonly view: ContainerView; readonly path: string; readonly follows: boolean; readonly name: string },
    signal?: AbortSignal,
  ): Promise<{ readonly status: PathStatus; readonly tar: Readable }> {
    const { ok, stream } = await this.#stream<PathStatus>(signal, { op: 'packPath', ...options })
    return { status: ok, tar: stream }
  }

  /** Unpacks a tar into a folder of a container. */
  unpackPath(options: UnpackPathOptions, archive: Readable, signal?: AbortSignal): Promise<UnpackResult> {
    return this.#run(signal, async connection => {
      const result = connection.request<UnpackResult>({ op: 'unpackPath', ...options })
      archive.once('error', () => connection.close())
      archive.pipe(connection.output)
      return result
    })
  }

  /** Records of what a writable layer changes; see the schema. */
  async changes(target: string, lower: readonly string[], signal?: AbortSignal): Promise<Readable> {
    return (await this.#stream(signal, { op: 'changes', target, lower })).stream
  }

  /** A job whose answer is followed by bytes. */
  async #stream<T>(
    signal: AbortSignal | undefined,
    request: { readonly op: string } & Readonly<Record<string, unknown>>,
  ): Promise<{ readonly ok: T; readonly stream: Readable }> {
    const connection = await this.#connect(signal)
    try {
      const ok = await connection.requestLast<T>(request)
      const { socket, rest } = connection.takeSocket()
      if (rest.length > 0) socket.unshift(rest)
      return { ok, stream: socket }
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #run<T>(signal: AbortSignal | undefined, job: (connection: NativeConnection) => Promise<T>): Promise<T> {
    return this.#queue.add(async () => {
      const connection = await this.#connect(signal)
      const abort = () => connection.close()
      signal?.addEventListener('abort', abort, { once: true })
      try {
        return await job(connection)
      } catch (error) {
        if (signal?.aborted === true) throw cancelled(signal)
        throw error
      } finally {
        signal?.removeEventListener('abort', abort)
        connection.close()
      }
    }) as Promise<T>
  }

  async #connect(signal: AbortSignal | undefined): Promise<NativeConnection> {
    if (signal?.aborted === true) throw cancelled(signal)
    this.#isReady ??= mkdir(this.#directory, { recursive: true, mode: 0o700 })
    await this.#isReady
    const path = join(this.#directory, `${process.pid}-${++this.#last}.sock`)
    await this.#options.spawner.layer(path)
    try {
      return await NativeConnection.connect(path, 'layer')
    } finally {
      // The worker takes one connection; nobody else needs the name.
      await rm(path, { force: true })
    }
  }
}

function cancelled(signal: AbortSignal): BerthError {
  return new BerthError('CANCELLED', 'the operation was cancelled', { cause: signal.reason })
}
