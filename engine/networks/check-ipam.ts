import type { IpamConfig } from '../../schemas/api/networks.ts'
import { contains, formatCidr, parseAddress, parseCidr } from './cidr.ts'

/** What is wrong with one of a network's address ranges, in dockerd's words (moby api/types/network/ipam.go). Pure. */
export function ipamProblems(config: IpamConfig): readonly string[] {
  const { Subnet: text = '', IPRange: range = '', Gateway: gateway = '' } = config
  const subnet = parseCidr(text)
  if (subnet === undefined) return [`invalid subnet ${text}: invalid CIDR block notation`]
  const parent = formatCidr(subnet)
  if (parseAddress(text.split('/')[0] ?? '')?.value !== subnet.base)
    return [`invalid subnet ${text}: it should be ${parent}`]
  const problemOf = (what: string, address: string): readonly string[] => {
    const parsed = parseAddress(address)
    if (parsed === undefined) return [`invalid ${what}: invalid address`]
    return contains(subnet, parsed) ? [] : [`invalid ${what}: parent subnet ${parent} doesn't contain this address`]
  }
  return [
    ...(range === '' ? [] : rangeProblems(range, parent, address => contains(subnet, address), subnet.prefix)),
    ...(gateway === '' ? [] : problemOf(`gateway ${gateway}`, gateway)),
    ...Object.entries(config.AuxiliaryAddresses ?? {}).flatMap(([name, address]) =>
      problemOf(`auxiliary address ${name}`, address),
    ),
  ]
}

function rangeProblems(
  text: string,
  parent: string,
  isInside: (address: NonNullable<ReturnType<typeof parseAddress>>) => boolean,
  parentPrefix: number,
): readonly string[] {
  const range = parseCidr(text)
  if (range === undefined) return [`invalid ip-range ${text}: invalid CIDR block notation`]
  if (parseAddress(text.split('/')[0] ?? '')?.value !== range.base)
    return [`invalid ip-range ${text}: it should be ${formatCidr(range)}`]
  if (range.prefix < parentPrefix)
    return [`invalid ip-range ${text}: CIDR block is bigger than its parent subnet ${parent}`]
  return isInside({ family: range.family, value: range.base })
    ? []
    : [`invalid ip-range ${text}: parent subnet ${parent} doesn't contain ip-range`]
}
