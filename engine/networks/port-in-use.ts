import { BerthError } from '../../schemas/errors.ts'
import { NativeError } from '../runtime/connection.ts'
import type { NetworkRequest } from './attachments.ts'
import { endpointId } from './views.ts'

/** A port in use in dockerd's words, with the container that has it where it is one of ours; any other error comes back as it is. */
export function explainPortInUse(
  error: unknown,
  request: NetworkRequest,
  where: { readonly networkId: string; readonly ownerOf: (hostPort: number) => string | undefined },
): unknown {
  if (!(error instanceof NativeError) || error.failure.stage !== 'ports' || error.failure.errno !== 98) return error
  const text = error.failure.message
  const owner = where.ownerOf(Number(/:(\d+)\//.exec(text)?.[1]))
  const endpoint = endpointId(where.networkId, request.containerId)
  return new BerthError(
    'CONFLICT',
    `driver failed programming external connectivity on endpoint ${request.name} (${endpoint}): ${text}`,
    { cause: error, ...(owner === undefined ? {} : { hint: `port is already allocated, by container ${owner}` }) },
  )
}
