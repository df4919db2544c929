import { BerthError } from '../../schemas/errors.ts'
import { queryInteger } from '../http/context.ts'

/** `h` and `w` of the resize calls. */
export function requireSize(query: URLSearchParams): { readonly height: number; readonly width: number } {
  const height = queryInteger(query, 'h')
  const width = queryInteger(query, 'w')
  if (height === undefined || width === undefined || height < 0 || width < 0 || height > 65_535 || width > 65_535) {
    throw new BerthError('INVALID_ARGUMENT', 'h and w must be numbers between 0 and 65535')
  }
  return { height, width }
}
