import { BerthError } from '../../schemas/errors.ts'
import { contains, formatAddress, parseAddress, parseCidr } from './cidr.ts'
import { type AddressSpace, isAssignable, nextAddress } from './ipam.ts'
import type { NetworkRecord } from './record.ts'

interface Pool {
  readonly space: AddressSpace
  readonly owners: Map<bigint, string>
  next: bigint | undefined
}

/** An address with the prefix length of its subnet. */
export interface Lease {
  readonly family: 4 | 6
  readonly address: string
  readonly prefix: number
}

/** Who has which address, in memory: netd's list is where it comes from after a restart. */
export class AddressBook {
  readonly #pools = new Map<string, Pool[]>()

  /**
   * One address per family that the network has. `wanted` are the user's; throws INVALID_ARGUMENT when one is in no subnet, CONFLICT when it
   * is in use, NO_SPACE when none is left. On failure nothing is taken.
   */
  take(network: NetworkRecord, owner: string, wanted: readonly string[]): Lease[] {
    const pools = this.#poolsOf(network)
    const wishes = wanted.map(text => this.#wish(network, pools, text))
    const leases: Lease[] = []
    for (const family of [4, 6] as const) {
      const wish = wishes.find(one => one.pool.space.subnet.family === family)
      const candidates = pools.filter(pool => pool.space.subnet.family === family)
      if (candidates.length === 0) continue
      const lease = wish === undefined ? this.#pick(candidates, owner) : this.#claim(network, wish, owner)
      if (lease === undefined) {
        this.release(network.id, owner)
        throw new BerthError(
          'NO_SPACE',
          `no available IPv${family} addresses on network ${network.name}'s address pools`,
        )
      }
      leases.push(lease)
    }
    return leases
  }

  /** Notes addresses that are in use already (`10.0.0.2/24` or without the prefix). */
  note(network: NetworkRecord, owner: string, addresses: readonly string[]): void {
    for (const text of addresses) {
      const address = parseAddress(text.split('/')[0] ?? '')
      if (address === undefined) continue
      this.#poolsOf(network)
        .find(pool => contains(pool.space.subnet, address))
        ?.owners.set(address.value, owner)
    }
  }

  release(networkId: string, owner: string): void {
    for (const pool of this.#pools.get(networkId) ?? []) {
      for (const [address, other] of pool.owners) if (other === owner) pool.owners.delete(address)
    }
  }

  isInUse(networkId: string): boolean {
    return (this.#pools.get(networkId) ?? []).some(pool => pool.owners.size > 0)
  }

  forget(networkId: string): void {
    this.#pools.delete(networkId)
  }

  clear(): void {
    this.#pools.clear()
  }

  #poolsOf(network: NetworkRecord): Pool[] {
    let pools = this.#pools.get(network.id)
    if (pools === undefined) {
      pools = spacesOf(network).map(space => ({ space, owners: new Map(), next: undefined }))
      this.#pools.set(network.id, pools)
    }
    return pools
  }

  #wish(network: NetworkRecord, pools: readonly Pool[], text: string): { pool: Pool; value: bigint; text: string } {
    const address = parseAddress(text)
    if (address === undefined) throw new BerthError('INVALID_ARGUMENT', `invalid IP address: ${text}`)
    const pool = pools.find(one => contains(one.space.subnet, address))
    if (pool === undefined || !isAssignable(pool.space, address)) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `invalid endpoint settings: no configured subnet of network ${network.name} contains the free address ${text}`,
      )
    }
    return { pool, value: address.value, text }
  }

  #claim(network: NetworkRecord, wish: { pool: Pool; value: bigint; text: string }, owner: string): Lease {
    const holder = wish.pool.owners.get(wish.value)
    if (holder !== undefined && holder !== owner) {
      this.release(network.id, owner)
      throw new BerthError(
        'CONFLICT',
        `Address already in use: ${wish.text} on network ${network.name} belongs to container ${holder.slice(0, 12)}`,
      )
    }
    wish.pool.owners.set(wish.value, owner)
    return leaseOf(wish.pool, wish.value)
  }

  #pick(pools: readonly Pool[], owner: string): Lease | undefined {
    for (const pool of pools) {
      const value = nextAddress(pool.space, candidate => pool.owners.has(candidate), pool.next)
      if (value === undefined) continue
      pool.owners.set(value, owner)
      pool.next = value + 1n
      return leaseOf(pool, value)
    }
    return undefined
  }
}

const leaseOf = (pool: Pool, value: bigint): Lease => ({
  family: pool.space.subnet.family,
  address: formatAddress({ family: pool.space.subnet.family, value }),
  prefix: pool.space.subnet.prefix,
})

/** What may be given out in a network. */
export function spacesOf(network: NetworkRecord): AddressSpace[] {
  return (network.ipam.Config ?? []).flatMap(config => {
    const subnet = parseCidr(config.Subnet ?? '')
    if (subnet === undefined) return []
    const reserved = [config.Gateway ?? '', ...Object.values(config.AuxiliaryAddresses ?? {})].flatMap(text => {
      const address = parseAddress(text)
      return address === undefined ? [] : [address.value]
    })
    return [{ subnet, range: config.IPRange ? parseCidr(config.IPRange) : undefined, reserved }]
  })
}
