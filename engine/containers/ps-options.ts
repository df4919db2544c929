import { BerthError } from '../../schemas/errors.ts'

/** One column that ps was asked for: its name, and a title of the client's own (`pid=PROCESS`). */
export interface PsColumn {
  readonly name: string
  readonly title?: string
}

const plain = (...names: string[]): readonly PsColumn[] => names.map(name => ({ name }))
const full = plain('uid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd')
const short = plain('pid', 'tty', 'time', 'cmd')
const bsdShort = plain('pid', 'tty', 'stat', 'bsdtime', 'command')
const bsdUser = plain('user', 'pid', 'pcpu', 'pmem', 'vsz', 'rss', 'tty', 'stat', 'start', 'bsdtime', 'command')

/** Letters that choose processes or widths, of which a container's list has no use. */
const idle = 'aAdegHNrTwx'

/**
 * What `docker top CONTAINER OPTIONS` asks ps for (procps: dashed and BSD options, and `-o`). Nothing means `-ef`. The pid is always there, as dockerd
 * needs it. Throws INVALID_ARGUMENT. Pure.
 */
export function psColumns(text: string): readonly PsColumn[] {
  const words = text.split(/\s+/).filter(word => word !== '')
  if (words.length === 0) return full
  let columns: readonly PsColumn[] = []
  let style: readonly PsColumn[] = bsdShort
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const isDashed = word.startsWith('-')
    const letters = isDashed ? word.slice(1) : word
    const format = /^(?:-format[= ]?|[a-zA-Z]*?o)(.*)$/.exec(letters)
    const flags =
      format === null ? letters : letters.slice(0, letters.length - (format[1] ?? '').length).replace('o', '')
    if (format !== null) columns = [...columns, ...namedColumns(format[1] || (words[++i] ?? ''), text)]
    if (letters.startsWith('-format')) continue
    for (const letter of flags) {
      if (letter === 'f' || letter === 'F') style = isDashed ? full : style
      else if (letter === 'u') style = bsdUser
      else if (!idle.includes(letter)) throw refuse(text)
    }
    if (isDashed && style === bsdShort) style = short
  }
  if (columns.length === 0) return style
  return columns.some(({ name }) => name === 'pid') ? columns : [{ name: 'pid' }, ...columns]
}

function namedColumns(list: string, text: string): readonly PsColumn[] {
  if (list === '') throw refuse(text)
  // A title ends the list: it may hold commas.
  const at = list.indexOf('=')
  const names = (at === -1 ? list : list.slice(0, at)).toLowerCase().split(',')
  const last = names.length - 1
  return names.map((name, i) => (at !== -1 && i === last ? { name, title: list.slice(at + 1) } : { name }))
}

const refuse = (text: string): BerthError =>
  new BerthError('INVALID_ARGUMENT', `unsupported ps arguments "${text}": use -ef, aux, or -o with columns`)
