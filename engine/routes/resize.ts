import { BerthError } from '../../schemas/errors.ts'

/** `h` and `w` of the resize calls, in characters; dockerd's texts. */
export function requireSize(query: URLSearchParams): { readonly height: number; readonly width: number } {
  return { height: sizeOf(query, 'h', 'height'), width: sizeOf(query, 'w', 'width') }
}

function sizeOf(query: URLSearchParams, name: string, what: string): number {
  const text = query.get(name) ?? ''
  const refuse = (why: string): BerthError =>
    new BerthError('INVALID_ARGUMENT', `invalid resize ${what} ${JSON.stringify(text)}: ${why}`)
  if (!/^-?\d{1,15}$/.test(text)) throw refuse('invalid syntax')
  if (Number(text) > 65_535 || Number(text) < 0) throw refuse('value out of range')
  return Number(text)
}
