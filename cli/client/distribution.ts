import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'

/** GET /distribution/{name}/json: what the registry has under a name, without pulling it. */
export function inspectDistribution(
  client: EngineClient,
  reference: string,
  options: CallOptions & { readonly auth?: string | undefined } = {},
): Promise<{ readonly Descriptor: { readonly digest: string } }> {
  const path = `/distribution/${reference.split('/').map(encodeURIComponent).join('/')}/json`
  const headers = options.auth === undefined ? {} : { 'X-Registry-Auth': options.auth }
  return client.json({ method: 'GET', path, headers, ...withSignal(options) })
}
