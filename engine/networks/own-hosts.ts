import type { EndpointConfig } from '../../schemas/runtime/netd.ts'
import type { Attachment, NetworkRequest } from './attachments.ts'

/** A container's own lines of /etc/hosts. As in libnetwork: the whole name, however it was given, and its first label. */
export function ownHosts(
  { hostname, domainname }: Pick<NetworkRequest, 'hostname' | 'domainname'>,
  endpoints: readonly Pick<EndpointConfig, 'addresses'>[],
): Attachment['hosts'] {
  const whole = domainname === undefined ? hostname : `${hostname}.${domainname}`
  const names = [...new Set([whole, whole.split('.')[0] ?? whole])].filter(name => name !== '')
  return endpoints.flatMap(({ addresses }) =>
    addresses.map(address => ({ address: address.split('/')[0] ?? '', names })),
  )
}
