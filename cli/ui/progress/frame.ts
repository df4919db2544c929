import { elapsed } from '../human.ts'
import { sanitizeLine } from '../sanitize.ts'
import type { Style } from '../style.ts'
import { displayWidth, padEnd, truncate } from '../width.ts'
import { type BoardRow, rowTitle } from './board.ts'

export interface FrameInput {
  /** Name of the command, e.g. `up`. */
  readonly title: string
  readonly rows: readonly BoardRow[]
  readonly nowMs: number
  readonly columns: number
  /** Lines that fit; rows that are over are folded into one line before any that is running. */
  readonly maxLines: number
  readonly style: Style
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const spinnerStepMs = 100

/** The lines of the live progress block, as `docker compose` draws it: a head with the count, then one line per resource. */
export function progressFrame(input: FrameInput): readonly string[] {
  const { title, rows, style } = input
  const ended = rows.filter(row => row.endedMs !== undefined).length
  const hasFailed = rows.some(row => row.state === 'failed')
  const count = `[+] ${title} ${ended}/${rows.length}`
  const head = hasFailed ? style.red(count) : ended === rows.length ? style.cyan(count) : count
  const { shown, folded } = fold(rows, input.maxLines - 1)
  const titleWidth = Math.max(0, ...shown.map(row => displayWidth(sanitizeLine(rowTitle(row)))))
  const lines = shown.map(row => rowLine(row, titleWidth, input))
  return folded > 0 ? [head, ...lines, style.dim(` … and ${folded} more`)] : [head, ...lines]
}

/** Keeps rows that run or failed, then as many of the others as fit. */
function fold(
  rows: readonly BoardRow[],
  maxRows: number,
): { readonly shown: readonly BoardRow[]; readonly folded: number } {
  if (rows.length <= maxRows) return { shown: rows, folded: 0 }
  const room = Math.max(1, maxRows - 1)
  const urgent = rows.filter(row => row.endedMs === undefined || row.state === 'failed')
  const chosen = new Set(urgent.slice(0, room))
  for (const row of [...rows].reverse()) {
    if (chosen.size >= room) break
    chosen.add(row)
  }
  return { shown: rows.filter(row => chosen.has(row)), folded: rows.length - chosen.size }
}

function rowLine(row: BoardRow, titleWidth: number, { nowMs, columns, style }: FrameInput): string {
  const time = elapsed((row.endedMs ?? nowMs) - row.beganMs)
  const name = padEnd(sanitizeLine(rowTitle(row)), titleWidth)
  const detail = row.detail === undefined ? '' : ` ${sanitizeLine(row.detail)}`
  const text = `${row.text}${detail}`
  const room = columns - displayWidth(name) - time.length - 6
  const cut = room > 8 ? truncate(text, room) : row.text
  const gap = ' '.repeat(Math.max(1, room - displayWidth(cut) + 1))
  return ` ${icon(row, nowMs, style)} ${name}  ${paint(row, cut, style)}${gap}${style.blue(time)}`
}

function icon(row: BoardRow, nowMs: number, style: Style): string {
  switch (row.state) {
    case 'done':
      return style.green('✔')
    case 'failed':
      return style.red('✘')
    case 'skipped':
      return style.yellow('-')
    case 'working':
    case 'waiting':
      return style.blue(spinner[Math.floor((nowMs - row.beganMs) / spinnerStepMs) % spinner.length] ?? '')
    default:
      throw row.state satisfies never
  }
}

function paint(row: BoardRow, text: string, style: Style): string {
  switch (row.state) {
    case 'done':
      return style.green(text)
    case 'failed':
      return style.red(text)
    case 'skipped':
      return style.yellow(text)
    case 'working':
    case 'waiting':
      return text
    default:
      throw row.state satisfies never
  }
}
