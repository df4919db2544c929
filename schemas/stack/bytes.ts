/** Sizes of a stack file: a number and `b k m g t p`, with `b` or `ib` after it as wished; always powers of 1024, as Docker has it. */
export type BytesResult =
  | { readonly ok: true; readonly bytes: number }
  | { readonly ok: false; readonly message: string; readonly hint: string }

const size = /^([0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?|\.[0-9]+)\s*(?:([kmgtp])(?:i?b)?|b)?$/i
const powers = 'bkmgtp'
const hint = 'write a number with a unit: 512k, 64m, 1.5g'

export function parseBytes(text: string | number): BytesResult {
  const match = size.exec(String(text).trim())
  if (match === null) {
    const isNegative = String(text).trim().startsWith('-')
    const what = isNegative ? 'is negative' : 'is not a size in bytes'
    return { ok: false, message: `${JSON.stringify(text)} ${what}`, hint }
  }
  const [, number = '', unit = 'b'] = match
  const bytes = Math.trunc(Number(number) * 1024 ** powers.indexOf(unit.toLowerCase()))
  if (!Number.isSafeInteger(bytes)) return { ok: false, message: `${JSON.stringify(text)} is too large`, hint }
  return { ok: true, bytes }
}

/** For text that is known to be valid. */
export function bytesOf(text: string | number): number {
  const result = parseBytes(text)
  return result.ok ? result.bytes : Number(text)
}
