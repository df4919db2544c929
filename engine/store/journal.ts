import { type FileHandle, open, rm } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'
import { encodeLine } from './line.ts'
import { schemaVersion } from './recover.ts'

interface Waiter {
  readonly line: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * An append-only file with group commit: everything appended while one fdatasync runs goes out with the next one.
 * A failed write (full disk) is cut off again, so that the next line starts on a clean edge, and fails all that wait.
 */
export class Journal {
  readonly #file: FileHandle
  readonly #onFailure: (error: unknown) => void
  #goodBytes: number
  #waiting: Waiter[] = []
  #draining: Promise<void> | undefined

  private constructor(file: FileHandle, goodBytes: number, onFailure: (error: unknown) => void) {
    this.#file = file
    this.#goodBytes = goodBytes
    this.#onFailure = onFailure
  }

  /** Makes the file (it must not exist). `onFailure` runs before the waiting appends are rejected. */
  static async create(path: string, onFailure: (error: unknown) => void): Promise<Journal> {
    const file = await open(path, 'wx', 0o600)
    const header = encodeLine({ format: 'berth-store', schema: schemaVersion })
    try {
      await file.write(header)
      await file.datasync()
      return new Journal(file, Buffer.byteLength(header), onFailure)
    } catch (error) {
      await file.close()
      await rm(path, { force: true })
      throw error
    }
  }

  get bytes(): number {
    return this.#goodBytes
  }

  /** True when every append has been answered. */
  get isIdle(): boolean {
    return this.#draining === undefined
  }

  /** Resolves when the line is on the disk. */
  append(line: string): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject })
    })
    this.#draining ??= this.#drain()
    return durable
  }

  /** Resolves when nothing is waiting. */
  async flush(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  async close(): Promise<void> {
    await this.flush()
    await this.#file.close()
  }

  async #drain(): Promise<void> {
    // Let the appends of this turn of the event loop join the first batch.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#commit(Buffer.from(batch.map(waiter => waiter.line).join('')))
        for (const waiter of batch) waiter.resolve()
      } catch (cause) {
        await this.#file.truncate(this.#goodBytes).catch(() => undefined)
        this.#fail([...batch, ...this.#waiting.splice(0)], cause)
      }
    }
    this.#draining = undefined
  }

  async #commit(bytes: Buffer): Promise<void> {
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#goodBytes + written)
      written += bytesWritten
    }
    await this.#file.datasync()
    this.#goodBytes += bytes.length
  }

  #fail(waiters: readonly Waiter[], cause: unknown): void {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const error =
      code === 'ENOSPC' || code === 'EDQUOT'
        ? new BerthError('NO_SPACE', 'no space left on the disk of the data root: the change was not made', { cause })
        : new BerthError(
            'INTERNAL',
            `the state could not be written: ${cause instanceof Error ? cause.message : cause}`,
            { cause },
          )
    this.#onFailure(error)
    for (const waiter of waiters) waiter.reject(error)
  }
}
