import { isAbsolute, relative } from 'node:path'
import type { Diagnostic } from './diagnostic.ts'

/** Colours of the output; each function returns its text as it is where colours are off. */
export interface DiagnosticStyle {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

export interface RenderOptions {
  /** Text of the files, by the name in the positions. */
  readonly sources: ReadonlyMap<string, string>
  readonly style: DiagnosticStyle
  /** Files below it are shown relative to it. */
  readonly cwd: string
}

/** All diagnostics, each with its place and, for errors, the lines around it. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  return diagnostics.map(diagnostic => renderDiagnostic(diagnostic, options)).join('')
}

/**
 *     error: unknown attribute "imagee" [unknown-key]
 *       --> stack.yaml:4:5  services.web.imagee
 *        |
 *      4 |     imagee: busybox
 *        |     ^^^^^^
 *        = did you mean "image"?
 */
export function renderDiagnostic(diagnostic: Diagnostic, { sources, style, cwd }: RenderOptions): string {
  const { severity, code, message, path, position, hint } = diagnostic
  const paint = severity === 'error' ? style.red : style.yellow
  const lines = [`${style.bold(paint(`${severity}:`))} ${style.bold(clean(message))} ${style.dim(`[${code}]`)}`]
  const line =
    position === undefined ? undefined : sources.get(position.file)?.split('\n', position.line)[position.line - 1]
  const number = position === undefined || line === undefined || severity === 'warning' ? '' : String(position.line)
  const gutter = ' '.repeat(number.length + 1)
  if (position !== undefined) {
    const file = position.file === '-' ? 'standard input' : shortName(position.file, cwd)
    const place = `${file}:${position.line}:${position.column}`
    lines.push(`${gutter}${style.cyan('-->')} ${place}${path === '' ? '' : `  ${style.dim(clean(path))}`}`)
  } else if (path !== '') {
    lines.push(`${gutter}${style.cyan('-->')} ${clean(path)}`)
  }
  if (position !== undefined && line !== undefined && number !== '') {
    lines.push(...frame(line, position.column, number, gutter, paint, style))
  }
  if (hint !== undefined) lines.push(`${gutter} ${style.cyan('=')} ${clean(hint)}`)
  return `${lines.join('\n')}\n`
}

const MAX_WIDTH = 120

function frame(
  line: string,
  column: number,
  number: string,
  gutter: string,
  paint: (text: string) => string,
  style: DiagnosticStyle,
): readonly string[] {
  const start = column > MAX_WIDTH - 20 ? column - 40 : 0
  const shown = clean(line.slice(start, start + MAX_WIDTH).replaceAll('\t', ' '))
  const bar = style.cyan('|')
  const indent = ' '.repeat(Math.max(0, column - 1 - start))
  const carets = paint('^'.repeat(tokenLength(line.slice(column - 1))))
  return [`${gutter} ${bar}`, `${style.cyan(` ${number}`)} ${bar} ${shown}`, `${gutter} ${bar} ${indent}${carets}`]
}

/** How much of the line is underlined: a quoted text, a word, at least one character. */
function tokenLength(rest: string): number {
  const quoted = /^(["'])(?:\\.|(?!\1).)*\1/.exec(rest)
  const length =
    quoted?.[0].length ??
    /^\$\{[^}]*\}?\S*/.exec(rest)?.[0].length ??
    /^[^\s:,[\]{}#]+(?::(?!\s|$)[^\s,[\]{}]*)*/.exec(rest)?.[0].length ??
    1
  return Math.max(1, Math.min(length, MAX_WIDTH))
}

function shortName(file: string, cwd: string): string {
  const short = relative(cwd, file)
  return short.startsWith('..') || isAbsolute(short) ? file : short
}

/** A stack file may hold anything, also what would steer a terminal. */
function clean(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, character => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
