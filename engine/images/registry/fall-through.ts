import { BerthError } from '../../../schemas/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { isUnreachable } from './request.ts'

/**
 * The first endpoint that can do it. After a mirror the next one is tried whatever went wrong; from TLS to plain HTTP (insecure registries only) just
 * when there was no TLS at all, so that a refusal stays one.
 */
export async function tryEndpoints<T>(
  endpoints: readonly Endpoint[],
  signal: AbortSignal,
  attempt: (endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  for (const [at, endpoint] of endpoints.entries()) {
    try {
      return await attempt(endpoint)
    } catch (error) {
      const isLast = at === endpoints.length - 1
      if (isLast || signal.aborted || !(endpoint.isMirror || isUnreachable(error))) throw error
    }
  }
  throw new BerthError('INTERNAL', 'the registry has no endpoint')
}
