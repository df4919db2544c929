import { once } from 'node:events'
import type { ProgressMessage } from '../../schemas/api/images.ts'
import type { RequestContext } from '../http/context.ts'

/** JSON lines, one per message, as docker's progress streams are. */
export class ProgressStream {
  readonly #context: RequestContext
  #response: ReturnType<RequestContext['stream']> | undefined

  constructor(context: RequestContext) {
    this.#context = context
  }

  /** Sends status and headers: from here on a failure is a message. */
  open(): ReturnType<RequestContext['stream']> {
    this.#response ??= this.#context.stream(200, { 'Content-Type': 'application/json' })
    return this.#response
  }

  send(message: ProgressMessage): void {
    const response = this.open()
    const { current, total } = message.progressDetail ?? {}
    const progress = current === undefined || total === undefined ? {} : { progress: progressBar(current, total) }
    response.write(`${JSON.stringify({ ...message, ...progress })}\r\n`)
  }

  /** Ends the answer. An error that comes before the first message is thrown, so that it gets its status; later it can only be a message. */
  async run(work: () => Promise<void>): Promise<undefined> {
    try {
      await work()
      this.open()
    } catch (error) {
      if (this.#response === undefined) throw error
      const message = error instanceof Error ? error.message : String(error)
      this.send({ errorDetail: { message }, error: message })
    }
    const response = this.open()
    response.end()
    await once(response, 'close').catch(() => undefined)
    return undefined
  }
}

/** `[=====>    ]  1.5MB/3MB` in 50 columns, as moby's pkg/jsonmessage draws it for clients that cannot. */
export function progressBar(current: number, total: number): string {
  const size = decimal(current).padStart(8)
  if (total <= 0) return size
  const done = Math.min(50, Math.floor(Math.floor((current / total) * 100) / 2))
  const bar = `[${'='.repeat(done)}>${' '.repeat(50 - done)}] `
  return current > total ? bar + size : `${bar}${size}/${decimal(total)}`
}

/** Four significant digits, as docker/go-units writes sizes. */
function decimal(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  const at = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** at).toPrecision(4))}${units[at]}`
}
