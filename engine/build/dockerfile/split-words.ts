/** Words parted by blanks; quotes and escapes keep blanks in a word and stay in it, for `expandWord` to take off. */
export function splitQuoted(text: string, escapeMark: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word)
      word = ''
      continue
    }
    word += character
    if (character === escapeMark && quote !== "'" && at + 1 < text.length) word += text[++at]
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === quote) quote = ''
  }
  if (word !== '') words.push(word)
  return words
}

/** `["a", "b"]`; undefined when the text is not that. */
export function parseJsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}
