import type { SourcePosition } from '../../model/project.ts'

/** Where relative paths in a file start, and which variables its `${X}` see. An included file has its own of both. */
export interface FileScope {
  readonly baseDir: string
  /** Folder of the project that the file is of, also where its own is another one: a build without a context is that of the project. */
  readonly projectDir: string
  readonly env: ReadonlyMap<string, string>
}

/** One file as read in one scope; every node of its tree points here, so that positions and base folders survive merging. */
export class SourceFile {
  /** Absolute path, or `-` for standard input. */
  readonly name: string
  readonly text: string
  readonly scope: FileScope
  #lineStarts: number[] | undefined

  constructor(name: string, text: string, scope: FileScope) {
    this.name = name
    this.text = text
    this.scope = scope
  }

  /** 1-based line and column of an offset in UTF-16 units. */
  positionAt(offset: number): SourcePosition {
    this.#lineStarts ??= lineStartsOf(this.text)
    const starts = this.#lineStarts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.name, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0]
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) starts.push(index + 1)
  return starts
}
