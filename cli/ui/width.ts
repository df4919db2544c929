import { eastAsianWidth } from 'get-east-asian-width'

const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007]*\u0007)/g
const printableAscii = /^[\u0020-\u007e]*$/
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u

/** Columns that a terminal uses for the text: colour codes and combining marks take none, East Asian wide characters and emoji two. */
export function displayWidth(text: string): number {
  if (printableAscii.test(text)) return text.length
  let width = 0
  for (const character of text.replace(escapeSequence, '')) {
    if (!zeroWidth.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0)
  }
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** Cuts plain text (no colour codes) to at most `width` columns; what was cut is marked by `…`. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let used = 0
  let kept = ''
  for (const character of text) {
    const next = displayWidth(character)
    if (used + next > width - 1) break
    used += next
    kept += character
  }
  return `${kept}…`
}
