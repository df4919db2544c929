import { Option } from 'commander'
import { BerthError } from '../../schemas/errors.ts'
import { type Column, formatTable } from '../ui/table.ts'
import { evaluate } from '../ui/template/evaluate.ts'
import type { Node } from '../ui/template/node.ts'
import { parseTemplate } from '../ui/template/parse.ts'
import { type Context, print, printJson } from './context.ts'

/** What a list can be printed as: docker's placeholders are the members of a row, and `headers` has their column titles. */
export interface RowShape<Row extends object> {
  readonly columns: readonly Column<Row>[]
  readonly headers: Readonly<Record<string, unknown>>
}

/** `--format` as docker takes it for lists. */
export function rowFormat(flags = '--format <how>'): Option {
  return new Option(
    flags,
    'table, json (one object per line), or a Go template: "{{.Name}}", "table {{.ID}}\\t{{.Name}}"',
  ).default('table')
}

/** Prints rows as `table`, `json`, `table TEMPLATE` or `TEMPLATE`. Templates are read before anything is printed. */
export function printRows<Row extends object>(
  context: Context,
  format: string,
  rows: readonly Row[],
  { columns, headers }: RowShape<Row>,
): void {
  if (format === 'json') {
    for (const row of rows) printJson(context, row)
    return
  }
  if (format === 'table' || format === '') {
    print(context, formatTable(columns, rows))
    return
  }
  const isTable = format.startsWith('table ')
  const nodes = readTemplate(isTable ? format.slice('table '.length).trim() : format)
  const lines = rows.map(row => evaluate(nodes, row))
  if (!isTable) {
    print(context, lines.map(line => `${line}\n`).join(''))
    return
  }
  const titles = evaluate(nodes, headers).split('\t')
  const cells = lines.map(line => line.split('\t'))
  print(
    context,
    formatTable(
      titles.map((title, at) => ({ title, value: (line: readonly string[]) => line[at] ?? '' })),
      cells,
    ),
  )
}

/** Prints one value as indented JSON, or through a template; a template sees the members as the API names them. */
export function printInspected(context: Context, format: string | undefined, values: readonly unknown[]): void {
  if (format === undefined) {
    print(context, `${JSON.stringify(values, undefined, 4)}\n`)
    return
  }
  if (format === 'json') {
    for (const value of values) printJson(context, value)
    return
  }
  const nodes = readTemplate(format)
  print(context, values.map(value => `${evaluate(nodes, value)}\n`).join(''))
}

/** docker turns `\t` and `\n` as they are typed in a shell into the characters; a word that is no template is a slip (`jsn`). */
function readTemplate(format: string): readonly Node[] {
  if (!format.includes('{{'))
    throw new BerthError('USAGE', `unknown format "${format}"`, {
      hint: 'expected table, json, or a Go template such as "{{.Name}}"',
    })
  return parseTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'))
}
