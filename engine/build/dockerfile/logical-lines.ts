import { BerthError } from '../../../schemas/errors.ts'
import { dockerfileError, type Position } from './dockerfile-error.ts'
import { splitQuoted } from './split-words.ts'

export interface Heredoc {
  readonly name: string
  readonly content: string
  /** False when the name was quoted: variables stay as they are. */
  readonly expands: boolean
}

/** One instruction as it stands, continuations joined. */
export interface LogicalLine {
  /** In capitals. */
  readonly name: string
  /** Everything behind the name, trimmed. */
  readonly rest: string
  readonly heredocs: readonly Heredoc[]
  readonly position: Position
}

export interface LogicalLines {
  /** The escape character: backslash, or backtick by directive. */
  readonly escapeMark: string
  readonly lines: readonly LogicalLine[]
}

const maxBytes = 16 * 1024 * 1024
const heredocWord = /^\d*<<(-?)(['"]?)([A-Za-z0-9_][^\s'"<]*)\2$/

/** Parser directives, comments, continuations and here-documents; throws INVALID_ARGUMENT with file and line. */
export function readLogicalLines(text: string, file: string): LogicalLines {
  if (text.length > maxBytes) throw new BerthError('INVALID_ARGUMENT', `${file}: longer than ${maxBytes} bytes`)
  const raw = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const escapeMark = readEscape(raw, file)
  const continued = new RegExp(`${escapeMark === '\\' ? '\\\\' : '`'}[ \\t]*$`)
  const lines: LogicalLine[] = []
  for (let at = 0; at < raw.length; ) {
    const first = (raw[at] ?? '').trimStart()
    if (first.trim() === '' || first.startsWith('#')) {
      at++
      continue
    }
    const start = at
    const joined = joinLines(raw, at, continued)
    at = joined.next
    const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(joined.text.trim()) ?? []
    const name = word.toUpperCase()
    const position = { file, line: start + 1, endLine: at }
    const heredocs: Heredoc[] = []
    for (const wanted of takesHeredocs(name, rest) ? heredocsOf(rest, escapeMark) : []) {
      const read = readHeredoc(raw, at, wanted)
      if (read === undefined)
        throw dockerfileError(position, name, `unterminated here-document: no line "${wanted.name}"`)
      heredocs.push({ name: wanted.name, content: read.content, expands: wanted.expands })
      at = read.next
    }
    lines.push({ name, rest: rest.trim(), heredocs, position: { ...position, endLine: at } })
  }
  return { escapeMark, lines }
}

/** `# escape=` counts only above everything else but other directives. */
function readEscape(raw: readonly string[], file: string): string {
  let escapeMark = '\\'
  const seen = new Set<string>()
  for (const [index, line] of raw.entries()) {
    const match = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line)
    const name = match?.[1]?.toLowerCase()
    if (name === undefined || !['escape', 'syntax', 'check'].includes(name)) break
    const position = { file, line: index + 1, endLine: index + 1 }
    if (seen.has(name)) throw dockerfileError(position, `# ${name}`, 'only one such parser directive can be used')
    seen.add(name)
    if (name !== 'escape') continue
    escapeMark = match?.[2] ?? ''
    if (escapeMark !== '\\' && escapeMark !== '`')
      throw dockerfileError(position, '# escape', `expected \\ or \`, found ${JSON.stringify(escapeMark)}`)
  }
  return escapeMark
}

/** Comments and empty lines between continued lines vanish. */
function joinLines(raw: readonly string[], start: number, continued: RegExp): { text: string; next: number } {
  let text = ''
  let at = start
  for (let isFirst = true; at < raw.length; at++) {
    const line = raw[at] ?? ''
    if (!isFirst && (line.trim() === '' || line.trimStart().startsWith('#'))) continue
    isFirst = false
    if (!continued.test(line)) return { text: text + line, next: at + 1 }
    text += line.replace(continued, '')
  }
  return { text, next: at }
}

const takesHeredocs = (name: string, rest: string): boolean =>
  ['RUN', 'COPY', 'ADD'].includes(name) || (name === 'ONBUILD' && /^(run|copy|add)\s/i.test(rest))

interface WantedHeredoc {
  readonly name: string
  readonly stripsTabs: boolean
  readonly expands: boolean
}

function heredocsOf(rest: string, escapeMark: string): WantedHeredoc[] {
  if (!rest.includes('<<')) return []
  return splitQuoted(rest, escapeMark).flatMap(word => {
    const match = heredocWord.exec(word)
    return match === null ? [] : [{ name: match[3] ?? '', stripsTabs: match[1] === '-', expands: match[2] === '' }]
  })
}

function readHeredoc(
  raw: readonly string[],
  start: number,
  { name, stripsTabs }: WantedHeredoc,
): { content: string; next: number } | undefined {
  let content = ''
  for (let at = start; at < raw.length; at++) {
    const line = stripsTabs ? (raw[at] ?? '').replace(/^\t+/, '') : (raw[at] ?? '')
    if (line === name) return { content, next: at + 1 }
    content += `${line}\n`
  }
  return undefined
}

/** True for a word that announces a here-document. */
export const isHeredocWord = (word: string): boolean => heredocWord.test(word)
