/** What --chmod makes of a mode. */
export type ModeChange = (mode: number, isFolder: boolean) => number

const whoBits: Readonly<Record<string, number>> = { u: 0o700, g: 0o070, o: 0o007 }
const setIdBits: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, o: 0 }

/** `755`, or chmod's words (`u=rwX,go=rX`, `+x`, `g=u`); undefined for anything else. Without a `who` all are meant, whatever the umask. */
export function parseFileMode(text: string): ModeChange | undefined {
  if (/^[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8)
    return () => mode
  }
  const changes = text.split(',').flatMap(clause => parseClause(clause) ?? [])
  if (changes.length !== text.split(',').length) return undefined
  return (mode, isFolder) => changes.reduce((current, change) => change(current, isFolder), mode)
}

function parseClause(text: string): ModeChange | undefined {
  const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(text)
  if (match === null) return undefined
  const [, who = '', actions = ''] = match
  const whom = who === '' || who.includes('a') ? 'ugo' : who
  const parts = [...actions.matchAll(/([-+=])([ugo]|[rwxXst]*)/g)]
  return (mode, isFolder) =>
    parts.reduce((current, [, operator = '', what = '']) => apply(current, isFolder, whom, operator, what), mode)
}

function apply(mode: number, isFolder: boolean, whom: string, operator: string, what: string): number {
  const bits =
    [...whom].reduce((sum, one) => sum | bitsFor(mode, isFolder, one, what), 0) | (what.includes('t') ? 0o1000 : 0)
  if (operator === '+') return mode | bits
  if (operator === '-') return mode & ~bits
  // A folder keeps its set-id bits where they are not named, as chmod does.
  const cleared = [...whom].reduce((sum, one) => sum | (whoBits[one] ?? 0) | (isFolder ? 0 : (setIdBits[one] ?? 0)), 0)
  return (mode & ~cleared) | bits
}

function bitsFor(mode: number, isFolder: boolean, one: string, what: string): number {
  const mask = whoBits[one] ?? 0
  if (/^[ugo]$/.test(what)) {
    const shift = { u: 6, g: 3, o: 0 }[what] ?? 0
    return (((mode >> shift) & 7) * 0o111) & mask
  }
  const isExecutable = isFolder || (mode & 0o111) !== 0
  const triple = [...what].reduce((sum, letter) => sum | permission(letter, isExecutable), 0)
  return ((triple * 0o111) & mask) | (what.includes('s') ? (setIdBits[one] ?? 0) : 0)
}

function permission(letter: string, isExecutable: boolean): number {
  if (letter === 'r') return 4
  if (letter === 'w') return 2
  return letter === 'x' || (letter === 'X' && isExecutable) ? 1 : 0
}
