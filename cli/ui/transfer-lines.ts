import type { ProgressMessage } from '../../schemas/api/images.ts'
import { sanitizeLine } from './sanitize.ts'

interface Screen {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/**
 * Shows the messages of a pull, push or load as docker does: on a terminal each layer keeps its line, elsewhere every change of state is a line and the
 * bytes in between are left out.
 */
export class TransferLines {
  readonly #screen: Screen
  readonly #canMove: boolean
  /** Layer ids of the block that is being redrawn, from the top. */
  #ids: string[] = []

  constructor(screen: Screen, canMove: boolean) {
    this.#screen = screen
    this.#canMove = canMove
  }

  show({ id, status, stream, progress, progressDetail }: ProgressMessage): void {
    if (stream !== undefined) {
      this.#plain(sanitizeLine(stream.trimEnd()))
      return
    }
    if (status === undefined) return
    const isStep = progressDetail?.current !== undefined
    if (id === undefined || (progressDetail === undefined && progress === undefined)) {
      this.#plain(sanitizeLine(id === undefined ? status : `${id}: ${status}`))
    } else if (this.#canMove) {
      this.#inPlace(id, sanitizeLine(`${id}: ${status}${progress === undefined ? '' : ` ${progress}`}`))
    } else if (!isStep) {
      this.#screen.write(`${sanitizeLine(`${id}: ${status}`)}\n`)
    }
  }

  /** A line that stays; what was drawn before stays too. */
  #plain(line: string): void {
    this.#ids = []
    this.#screen.write(`${line}\n`)
  }

  #inPlace(id: string, line: string): void {
    const cut = line.slice(0, (this.#screen.columns ?? 80) - 1)
    const at = this.#ids.indexOf(id)
    if (at < 0) {
      this.#ids.push(id)
      this.#screen.write(`${cut}\n`)
      return
    }
    const up = this.#ids.length - at
    this.#screen.write(`\u001b[${up}A\u001b[2K\r${cut}\u001b[${up}B\r`)
  }
}
