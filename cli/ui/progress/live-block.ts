import type { ProgressEvent } from '../../apply/progress.ts'
import { sanitize } from '../sanitize.ts'
import type { Output } from '../streams.ts'
import type { Style } from '../style.ts'
import { Board } from './board.ts'
import { progressFrame } from './frame.ts'
import type { ProgressView } from './view.ts'

const redrawEveryMs = 100
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const eraseToEnd = '\u001b[J'
const eraseLine = '\u001b[K'

/** Progress on a terminal: a block that is drawn in place, at most ten times a second, with the cursor hidden until `stop`. */
export class LiveBlock implements ProgressView {
  readonly #stream: Output
  readonly #style: Style
  readonly #title: string
  readonly #board = new Board()
  readonly #warnings: string[] = []
  #drawnLines = 0
  #timer: NodeJS.Timeout | undefined

  constructor(stream: Output, style: Style, title: string) {
    this.#stream = stream
    this.#style = style
    this.#title = title
  }

  show(event: ProgressEvent): void {
    if (event.kind === 'warning') this.#warnings.push(event.message)
    this.#board.apply(event, performance.now())
    if (this.#timer === undefined) {
      this.#stream.write(hideCursor)
      this.#timer = setInterval(() => this.#draw(), redrawEveryMs)
      this.#timer.unref()
    }
  }

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#draw()
    this.#drawnLines = 0
    this.#stream.write(showCursor)
  }

  #draw(): void {
    const rows = this.#board.rows()
    const up = this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A\r` : ''
    const warnings = this.#warnings.splice(0).map(message => `${this.#style.yellow('warning:')} ${sanitize(message)}`)
    const lines = rows.length === 0 ? [] : this.#lines(rows)
    const erase = warnings.length > 0 ? eraseToEnd : ''
    this.#stream.write(
      `${up}${erase}${[...warnings, ...lines].map(line => `${line}${eraseLine}\n`).join('')}${eraseToEnd}`,
    )
    this.#drawnLines = lines.length
  }

  #lines(rows: ReturnType<Board['rows']>): readonly string[] {
    return progressFrame({
      title: this.#title,
      rows,
      nowMs: performance.now(),
      columns: this.#stream.columns || 80,
      maxLines: Math.max(3, (this.#stream.rows || 24) - 2),
      style: this.#style,
    })
  }
}
