/** What a registry asks for in `WWW-Authenticate`. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string }

/** Parses the header (RFC 9110, section 11.6.1); undefined when it asks for something unknown. */
export function parseChallenge(header: string): Challenge | undefined {
  const match = /^\s*(basic|bearer)\b(.*)$/is.exec(header)
  if (match === null) return undefined
  if (match[1]?.toLowerCase() === 'basic') return { scheme: 'basic' }
  const parameters = new Map<string, string>()
  for (const [, key, quoted, plain] of (match[2] ?? '').matchAll(
    /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi,
  )) {
    parameters.set((key ?? '').toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
  }
  const realm = parameters.get('realm')
  if (realm === undefined) return undefined
  const service = parameters.get('service')
  const scope = parameters.get('scope')
  return {
    scheme: 'bearer',
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  }
}
