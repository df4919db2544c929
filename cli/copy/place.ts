/** One side of `berth cp`. */
export type Place =
  | { readonly kind: 'local'; readonly path: string }
  /** An archive on standard input or output. */
  | { readonly kind: 'stream' }
  | { readonly kind: 'container'; readonly name: string; readonly path: string }

/** Reads `web:/path`, `./a:b` and `-` as docker cp does: what begins with `/` or `.` is a local path whatever colons it has. */
export function parsePlace(text: string): Place {
  if (text === '-') return { kind: 'stream' }
  const [, name, path] = text.match(/^([^/.:][^/:]*):(.*)$/s) ?? []
  if (name === undefined || path === undefined) return { kind: 'local', path: text }
  return { kind: 'container', name, path: path.startsWith('/') ? path : `/${path}` }
}
