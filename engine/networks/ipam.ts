import { type Address, type Cidr, contains, lastOf, overlaps, sizeOf } from './cidr.ts'

/** Where subnets come from when nobody names one: pieces of `prefix` length, lowest first. */
export interface SubnetPool {
  readonly within: Cidr
  readonly prefix: number
}

/** The lowest piece of the first pool that overlaps nothing taken (other networks, the host's routes); undefined when all are. */
export function allocateSubnet(pools: readonly SubnetPool[], taken: readonly Cidr[]): Cidr | undefined {
  for (const { within, prefix } of pools) {
    const obstacles = taken.filter(other => overlaps(other, within)).sort((a, b) => (a.base < b.base ? -1 : 1))
    const step = sizeOf({ ...within, prefix })
    for (let base = within.base; base <= lastOf(within); ) {
      const candidate: Cidr = { family: within.family, base, prefix }
      const obstacle = obstacles.find(other => overlaps(other, candidate))
      if (obstacle === undefined) return candidate
      // Go on behind the obstacle, at the next multiple of the step.
      const behind = lastOf(obstacle) + 1n
      base = within.base + ((behind - within.base + step - 1n) / step) * step
    }
  }
  return undefined
}

/** The addresses of one subnet. `range` is where they are given out from (the subnet, when absent). */
export interface AddressSpace {
  readonly subnet: Cidr
  readonly range: Cidr | undefined
  /** Gateway and auxiliary addresses. */
  readonly reserved: readonly bigint[]
}

/** True for an address that a container may be given when it asks for it: inside, not the network's own nor broadcast address, not reserved. */
export function isAssignable(space: AddressSpace, address: Address): boolean {
  return (
    contains(space.subnet, address) &&
    !isSpecial(space.subnet, address.value) &&
    !space.reserved.includes(address.value)
  )
}

/** Network and broadcast address; none in a /31, /32, /127 or /128. IPv6 has no broadcast, but its first address is every router's. */
function isSpecial(subnet: Cidr, value: bigint): boolean {
  if (sizeOf(subnet) <= 2n) return false
  return value === subnet.base || (subnet.family === 4 && value === lastOf(subnet))
}

/**
 * The first free address at or behind `from`, going round once. An address that was given back is not given out again until all others were:
 * neighbours and conntrack remember it for a while.
 */
export function nextAddress(
  space: AddressSpace,
  isTaken: (value: bigint) => boolean,
  from: bigint | undefined,
): bigint | undefined {
  const range = space.range ?? space.subnet
  const first = range.base
  const last = lastOf(range)
  const start = from === undefined || from < first || from > last ? first : from
  for (let value = start, isSecondRound = false; ; value++) {
    if (value > last) {
      if (isSecondRound || start === first) return undefined
      isSecondRound = true
      value = first
    }
    if (isSecondRound && value === start) return undefined
    const isFree = isAssignable(space, { family: range.family, value }) && !isTaken(value)
    if (isFree) return value
  }
}

/** The gateway when nobody names one: the first address of the range or subnet, as dockerd takes it. */
export function defaultGateway(subnet: Cidr, range: Cidr | undefined, reserved: readonly bigint[]): bigint | undefined {
  return nextAddress({ subnet, range, reserved }, () => false, undefined)
}
