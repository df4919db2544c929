/** Why a text is no JSON value, in the words of Go's decoder, which clients of dockerd know. For texts that JSON.parse refused. */
export function describeJsonError(text: string): string {
  try {
    const end = skipSpace(text, skipValue(text, skipSpace(text, 0)))
    if (end < text.length) return 'unexpected content after JSON'
    return 'invalid JSON'
  } catch (error) {
    return `invalid JSON: ${error instanceof Error ? error.message : error}`
  }
}

function fail(text: string, at: number, where: string): never {
  const character = text[at]
  if (character === undefined) throw new Error(text.trim() === '' ? 'EOF' : 'unexpected EOF')
  throw new Error(`invalid character ${character === "'" ? "'\\''" : `'${character}'`} ${where}`)
}

function skipSpace(text: string, at: number): number {
  let end = at
  while (' \t\r\n'.includes(text[end] ?? 'x')) end++
  return end
}

/** Each of these takes the position of the first character and answers the one behind the last. */
function skipValue(text: string, at: number): number {
  const first = text[at] ?? ''
  if (first === '{') return skipMembers(text, at, '}', skipMember, 'after object key:value pair')
  if (first === '[') return skipMembers(text, at, ']', skipValue, 'after array element')
  if (first === '"') return skipString(text, at)
  if (first !== '' && '-0123456789'.includes(first)) return skipNumber(text, at)
  const word = ['true', 'false', 'null'].find(one => one[0] === first)
  return word === undefined ? fail(text, at, 'looking for beginning of value') : skipWord(text, at, word)
}

function skipMembers(
  text: string,
  at: number,
  close: string,
  skipOne: (text: string, at: number) => number,
  where: string,
): number {
  let end = skipSpace(text, at + 1)
  if (text[end] === close) return end + 1
  for (;;) {
    end = skipSpace(text, skipOne(text, end))
    if (text[end] === close) return end + 1
    if (text[end] !== ',') return fail(text, end, where)
    end = skipSpace(text, end + 1)
  }
}

function skipMember(text: string, at: number): number {
  if (text[at] !== '"') return fail(text, at, 'looking for beginning of object key string')
  const end = skipSpace(text, skipString(text, at))
  if (text[end] !== ':') return fail(text, end, 'after object key')
  return skipValue(text, skipSpace(text, end + 1))
}

function skipString(text: string, at: number): number {
  for (let end = at + 1; ; end++) {
    const character = text[end]
    if (character === '"') return end + 1
    if (character === undefined || character < ' ') return fail(text, end, 'in string literal')
    if (character !== '\\') continue
    end++
    if (text[end] !== undefined && !'"\\/bfnrtu'.includes(text[end] ?? ''))
      throw new Error(`invalid escape sequence \`\\${text[end]}\` in string`)
    if (text[end] !== 'u') continue
    for (const last = end + 4; end < last; ) {
      if (!/[0-9a-fA-F]/.test(text[++end] ?? '')) return fail(text, end, 'in \\u hexadecimal character escape')
    }
  }
}

function skipNumber(text: string, at: number): number {
  const end = at + (/^-?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d*)?/.exec(text.slice(at))?.[0].length ?? 0)
  if (/\d$/.test(text.slice(at, end))) return end
  return fail(text, end, 'in numeric literal')
}

function skipWord(text: string, at: number, word: string): number {
  for (let i = 1; i < word.length; i++) {
    if (text[at + i] !== word[i]) return fail(text, at + i, `in literal ${word} (expecting '${word[i]}')`)
  }
  return at + word.length
}
