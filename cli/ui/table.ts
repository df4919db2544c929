import { sanitizeLine } from './sanitize.ts'
import { displayWidth, padEnd } from './width.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Colours a value after its width is known. */
  readonly paint?: (text: string, row: Row) => string
  readonly align?: 'right'
}

/** docker's tabwriter: a cell takes at least 10 columns, padding of 3 included; the last one of a line is not padded. */
const defaultMinimum = 10
const padding = 3

/** Least width of the columns of `images` and `ls`, as Compose prints those. */
export const wideMinimum = 20

/** A table with a header line, as docker prints it; every value is made harmless for a terminal. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  minimum = defaultMinimum,
): string {
  const cells = rows.map(row => columns.map(column => sanitizeLine(column.value(row))))
  const widths = columns.map((column, at) =>
    Math.max(
      minimum,
      ...[column.title, ...cells.map(line => line[at] ?? '')].map(text => displayWidth(text) + padding),
    ),
  )
  const header = line(
    columns.map((column, at) => pad(column, column.title, widths[at] ?? 0, at === columns.length - 1)),
  )
  const body = rows.map((row, rowAt) =>
    line(
      columns.map((column, at) => {
        const text = cells[rowAt]?.[at] ?? ''
        const padded = pad(column, text, widths[at] ?? 0, at === columns.length - 1)
        return column.paint ? padded.replace(text, () => column.paint?.(text, row) ?? text) : padded
      }),
    ),
  )
  return `${[header, ...body].join('\n')}\n`
}

function pad<Row>(column: Column<Row>, text: string, width: number, isLast: boolean): string {
  if (column.align === 'right')
    return `${' '.repeat(width - padding - displayWidth(text))}${text}${isLast ? '' : ' '.repeat(padding)}`
  return isLast ? text : padEnd(text, width)
}

function line(cells: readonly string[]): string {
  return cells.join('').trimEnd()
}
