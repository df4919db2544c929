import type { Diagnostic } from './diagnostic.ts'
import { type Mark, positionOf } from './yaml/node.ts'
import { type Path, pathText } from './yaml/path.ts'

/** What is known of a problem where it is found. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly path?: Path | undefined
  readonly mark?: Mark | undefined
  readonly hint?: string | undefined
}

/** Collects everything that is wrong, so that the user sees it all at once. Order of finding does not matter: `sorted` is by place. */
export class Problems {
  readonly #found: Diagnostic[] = []
  readonly #seen = new Set<string>()
  readonly #places = new Set<string>()
  /** Text of the files that problems are in, by name. */
  readonly sources = new Map<string, string>()
  #errorCount = 0

  error(problem: Problem): void {
    if (this.#add('error', problem)) this.#errorCount += 1
  }

  warn(problem: Problem): void {
    this.#add('warning', problem)
  }

  get hasErrors(): boolean {
    return this.#errorCount > 0
  }

  get errorCount(): number {
    return this.#errorCount
  }

  /** Is there an error at this path or below it? Keeps one mistake from being reported twice. */
  hasErrorBelow(path: string): boolean {
    return this.#found.some(
      ({ severity, path: at }) =>
        severity === 'error' &&
        (at === path || (at.startsWith(path) && (at[path.length] === '.' || at[path.length] === '['))),
    )
  }

  hasCode(...codes: readonly string[]): boolean {
    return this.#found.some(({ code }) => codes.includes(code))
  }

  sorted(): readonly Diagnostic[] {
    return [...this.#found].sort(byPlace)
  }

  #add(severity: Diagnostic['severity'], { code, message, path, mark, hint }: Problem): boolean {
    const at = pathText(path)
    const identity = `${severity}\n${at}\n${message}`
    if (this.#seen.has(identity)) return false
    // A value that is wrong in itself is wrong once: later stages stumble over it too.
    if (severity === 'error' && valueCodes.has(code) && at !== '' && this.#places.has(at)) return false
    if (severity === 'error') this.#places.add(at)
    this.#seen.add(identity)
    if (mark !== undefined) this.sources.set(mark.source.name, mark.source.text)
    this.#found.push({ severity, code, message, path: at, position: positionOf(mark), hint })
    return true
  }
}

const valueCodes: ReadonlySet<string> = new Set(['wrong-type', 'wrong-unit', 'wrong-value', 'wrong-format'])

function byPlace(one: Diagnostic, other: Diagnostic): number {
  if (one.severity !== other.severity) return one.severity === 'error' ? -1 : 1
  const [left, right] = [one.position, other.position]
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}
