import type { ProgressMessage } from '../../../schemas/api/images.ts'
import { BerthError } from '../../../schemas/errors.ts'

export interface TransferOptions {
  readonly onProgress: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

interface Transfer {
  readonly done: Promise<void>
  readonly controller: AbortController
  readonly listeners: Set<TransferOptions['onProgress']>
  last: ProgressMessage | undefined
}

/**
 * Work that several requests want at once is done once: everybody hears its progress, and it is cancelled when the last one has gone. Who joined
 * a transfer that failed starts one of his own: the failure may be another's (credentials, endpoint, cancellation).
 */
export class Transfers {
  readonly #running = new Map<string, Transfer>()

  async share(key: string, work: (options: TransferOptions) => Promise<void>, options: TransferOptions): Promise<void> {
    for (let running = this.#running.get(key); running !== undefined; running = this.#running.get(key)) {
      if (
        await this.#follow(running, options).then(
          () => true,
          () => false,
        )
      )
        return
      if (options.signal.aborted) throw cancelled(options.signal)
    }
    await this.#follow(this.#start(key, work), options)
  }

  #start(key: string, work: (options: TransferOptions) => Promise<void>): Transfer {
    const controller = new AbortController()
    const listeners = new Set<TransferOptions['onProgress']>()
    const tell = (message: ProgressMessage): void => {
      transfer.last = message
      for (const listener of listeners) listener(message)
    }
    // Started a turn later, so that the first one listens already.
    const done = Promise.resolve()
      .then(() => work({ onProgress: tell, signal: controller.signal }))
      .finally(() => this.#running.delete(key))
    done.catch(() => undefined)
    const transfer: Transfer = { done, controller, listeners, last: undefined }
    this.#running.set(key, transfer)
    return transfer
  }

  /** Ends with the transfer, or at once when this one does not want it any more. */
  async #follow(transfer: Transfer, { onProgress, signal }: TransferOptions): Promise<void> {
    const listener = (message: ProgressMessage): void => onProgress(message)
    transfer.listeners.add(listener)
    if (transfer.last !== undefined) listener(transfer.last)
    let abort: (() => void) | undefined
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(cancelled(signal))
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
    try {
      await Promise.race([transfer.done, aborted])
    } finally {
      if (abort !== undefined) signal.removeEventListener('abort', abort)
      transfer.listeners.delete(listener)
      if (transfer.listeners.size === 0 && signal.aborted) {
        transfer.controller.abort(signal.reason)
        // The caller's lease must not end while something is still written.
        await transfer.done.catch(() => undefined)
      }
    }
  }
}

function cancelled({ reason }: AbortSignal): BerthError {
  return new BerthError('CANCELLED', 'the operation was cancelled', { cause: reason })
}
