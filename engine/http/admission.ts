import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { BerthError } from '../../schemas/errors.ts'

/**
 * Keeps web pages out. A browser says in `Origin` which page sends a request, and its `Host` is whatever name the page was able to point here (DNS
 * rebinding). No client of the Engine API is a web page; over TCP a request must also name one of the addresses that this server has.
 * Throws FORBIDDEN. `names` undefined: a socket that only local programs reach, where `Host` means nothing.
 */
export function checkAdmission(headers: IncomingHttpHeaders, names: ReadonlySet<string> | undefined): void {
  const host = (headers.host ?? '').toLowerCase()
  const { origin } = headers
  if (origin !== undefined && origin !== '') {
    throw new BerthError('FORBIDDEN', `requests of web pages are refused (Origin: ${shown(origin)})`)
  }
  if (names === undefined) return
  const name = hostname(host)
  if (isIP(name) !== 0 || names.has(name)) return
  throw new BerthError('FORBIDDEN', `expected one of the server's own names in Host, found ${shown(host)}`, {
    hint: 'use a name that the server certificate has',
  })
}

/** `name:port`, `[::1]:port` -> the name. */
function hostname(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1]
  return bracketed ?? host.replace(/:\d+$/, '')
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 100))
