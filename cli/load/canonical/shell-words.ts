export type ShellWords =
  | {
      readonly ok: true
      readonly words: readonly string[] /** What came after a `;`, `&`, `|`, `<` or `>`, and is lost. */
      readonly lost: string
    }
  | { readonly ok: false; readonly message: string }

/**
 * Splits a command line as go-shellwords 1.0.12 does, which Compose uses: quotes and backslashes, `\n` and `\t` outside single quotes,
 * no variables, and everything from an unquoted shell operator on is dropped.
 */
export function splitShellWords(line: string): ShellWords {
  const words: string[] = []
  let word: string | undefined
  let quote: '"' | "'" | '`' | '(' | undefined
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? ''
    if (character === '\\' && quote !== "'") {
      index += 1
      const escaped = line[index]
      if (escaped === undefined) return { ok: false, message: 'the command ends with a backslash' }
      word = (word ?? '') + (escaped === 't' ? '\t' : escaped === 'n' ? '\n' : escaped)
    } else if (quote === "'" || quote === '"') {
      if (character === quote) {
        quote = undefined
        word ??= ''
      } else word = (word ?? '') + character
    } else if (quote !== undefined) {
      if (character === (quote === '(' ? ')' : quote)) quote = undefined
      word = (word ?? '') + character
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '`' || (character === '(' && word?.endsWith('$') === true)) {
      quote = character
      word = (word ?? '') + character
    } else if (character === '(' || character === ')') {
      return { ok: false, message: `an unquoted ${character} in a command` }
    } else if (';&|<>'.includes(character)) {
      if (word !== undefined && !(character === '>' && /^[0-9]/.test(word))) words.push(word)
      return { ok: true, words, lost: line.slice(index) }
    } else {
      word = (word ?? '') + character
    }
  }
  if (quote !== undefined) return { ok: false, message: `a ${quote} in the command is never closed` }
  if (word !== undefined) words.push(word)
  return { ok: true, words, lost: '' }
}
