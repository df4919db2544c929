import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { BerthError } from '../../schemas/errors.ts'

/** An IPv4 or IPv6 address as a number. */
export interface Address {
  readonly family: 4 | 6
  readonly value: bigint
}

/** A network: `base` has no bits beyond the prefix. */
export interface Cidr {
  readonly family: 4 | 6
  readonly base: bigint
  readonly prefix: number
}

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128)

/** Undefined when it is no plain address (no zone, no prefix, no IPv4 shorthand such as `10.1`). */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text)
  if (family === 0 || text.includes('%')) return undefined
  let value = 0n
  for (const byte of ipaddr.parse(text).toByteArray()) value = (value << 8n) | BigInt(byte)
  return { family: family === 4 ? 4 : 6, value }
}

/** `10.0.0.5/24` becomes the network `10.0.0.0/24`. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1])
  const prefix = Number(match?.[2])
  if (address === undefined || prefix > widthOf(address.family)) return undefined
  const hostBits = BigInt(widthOf(address.family) - prefix)
  return { family: address.family, base: (address.value >> hostBits) << hostBits, prefix }
}

/** Throws INVALID_ARGUMENT in dockerd's words. */
export function requireCidr(text: string, what: string): Cidr {
  const cidr = parseCidr(text)
  if (cidr === undefined) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `invalid network config: invalid ${what} ${text}: invalid CIDR block notation`,
    )
  }
  return cidr
}

export function formatAddress({ family, value }: Address): string {
  const width = widthOf(family) / 8
  const bytes = Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * (width - 1 - i))) & 0xffn))
  return family === 4 ? bytes.join('.') : new ipaddr.IPv6(bytes).toRFC5952String()
}

export const formatCidr = (cidr: Cidr): string =>
  `${formatAddress({ family: cidr.family, value: cidr.base })}/${cidr.prefix}`

export const sizeOf = (cidr: Cidr): bigint => 1n << BigInt(widthOf(cidr.family) - cidr.prefix)

export const lastOf = (cidr: Cidr): bigint => cidr.base + sizeOf(cidr) - 1n

export const contains = (cidr: Cidr, address: Address): boolean =>
  cidr.family === address.family && address.value >= cidr.base && address.value <= lastOf(cidr)

export const overlaps = (a: Cidr, b: Cidr): boolean =>
  a.family === b.family && a.base <= lastOf(b) && b.base <= lastOf(a)
