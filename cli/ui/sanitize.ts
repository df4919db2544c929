/**
 * Control characters (C0 but tab and newline, DEL, C1) and the invisible ones that reorder or hide text (Unicode bidi controls, zero-width characters,
 * the byte order mark), which must not reach a terminal from a name, a label or a message.
 */
const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** The text with every character that could drive a terminal written as `\x1b` or `\u202e`; newlines and tabs stay. */
export function sanitize(text: string): string {
  return text.replace(unsafe, character => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** As `sanitize`, for places that hold one line: newlines and tabs become visible too. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}
