import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import { contains, parseAddress, parseCidr } from './cidr.ts'
import { isPredefined, type NetworkRecord } from './record.ts'

export const isHardwareAddress = (text: string): boolean => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)

/** What is wrong with a container's wishes for a network, in dockerd's words (moby daemon/container_operations.go, validateEndpointSettings). Pure. */
export function endpointProblems(network: NetworkRecord, settings: EndpointSettings): readonly string[] {
  const { IPv4Address: ipv4 = '', IPv6Address: ipv6 = '' } = settings.IPAMConfig ?? {}
  const isUserDefined = !isPredefined(network)
  const named = (settings.Aliases?.length ?? 0) > 0 && !isUserDefined
  return [
    ...(named ? ['network-scoped alias is supported only for containers in user defined networks'] : []),
    ...((ipv4 !== '' || ipv6 !== '') && !isUserDefined
      ? ['user specified IP address is supported on user defined networks only']
      : []),
    ...addressProblems(network, ipv4, 4),
    ...addressProblems(network, ipv6, 6),
  ]
}

function addressProblems(network: NetworkRecord, text: string, family: 4 | 6): readonly string[] {
  if (text === '') return []
  const address = parseAddress(text)
  const isValid = address?.family === family
  const isInside =
    address !== undefined &&
    (network.ipam.Config ?? []).some(({ Subnet = '' }) => {
      const subnet = parseCidr(Subnet)
      return subnet !== undefined && contains(subnet, address)
    })
  const isChosen = network.chosenFamilies?.includes(family) ?? true
  return [
    ...(isValid ? [] : [`invalid IPv${family} address: ${text}`]),
    ...(isChosen || isPredefined(network)
      ? []
      : ['user specified IP address is supported only when connecting to networks with user configured subnets']),
    ...(isInside || !isChosen || (isValid && isPredefined(network))
      ? []
      : [`no configured subnet or ip-range contain the IP address ${text}`]),
  ]
}
