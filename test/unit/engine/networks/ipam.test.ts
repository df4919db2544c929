import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AddressBook } from '../../../../engine/networks/address-book.ts'
import {
  type Cidr,
  contains,
  formatAddress,
  formatCidr,
  overlaps,
  parseAddress,
  parseCidr,
  sizeOf,
} from '../../../../engine/networks/cidr.ts'
import { allocateSubnet, isAssignable, nextAddress } from '../../../../engine/networks/ipam.ts'
import type { NetworkRecord } from '../../../../engine/networks/record.ts'

const cidr = (text: string): Cidr => parseCidr(text)!
const anyCidr = fc
  .tuple(fc.nat(0xffffff), fc.integer({ min: 8, max: 30 }))
  .map(([low, prefix]) => cidr(`${formatAddress({ family: 4, value: (10n << 24n) + BigInt(low) })}/${prefix}`))

const network = (config: NetworkRecord['ipam']['Config']): NetworkRecord => ({
  id: 'n',
  name: 'net',
  created: '',
  driver: 'bridge',
  isInternal: false,
  isAttachable: false,
  hasIpv4: true,
  hasIpv6: false,
  ipam: { Driver: 'default', Options: {}, Config: config },
  options: {},
  labels: {},
  bridge: 'br-n',
})

test('addresses survive text and back', () => {
  for (const text of [
    '0.0.0.0',
    '10.201.0.255',
    '255.255.255.255',
    '::',
    '::1',
    'fd62:6572:7468::2',
    '2001:db8::a:0:0:1',
  ]) {
    assert.equal(formatAddress(parseAddress(text)!), text)
  }
  for (const text of ['10.1', '010.0.0.1', 'fe80::1%eth0', '1.2.3.4/8', '', 'x'])
    assert.equal(parseAddress(text), undefined)
})

test('a subnet never overlaps what is taken, and is the lowest free one', () => {
  fc.assert(
    fc.property(fc.array(anyCidr, { maxLength: 30 }), taken => {
      const pools = [{ within: cidr('10.0.0.0/12'), prefix: 20 }]
      const found = allocateSubnet(pools, taken)
      const all = Array.from({ length: 256 }, (_, i) =>
        cidr(`${formatAddress({ family: 4, value: (10n << 24n) + BigInt(i * 4096) })}/20`),
      )
      const free = all.filter(one => !taken.some(other => overlaps(one, other)))
      assert.equal(found && formatCidr(found), free[0] && formatCidr(free[0]))
    }),
  )
})

test('the second pool serves when a route covers the first', () => {
  const pools = [
    { within: cidr('10.201.0.0/16'), prefix: 24 },
    { within: cidr('172.28.0.0/14'), prefix: 24 },
  ]
  assert.equal(formatCidr(allocateSubnet(pools, [cidr('10.0.0.0/8')])!), '172.28.0.0/24')
})

test('addresses given out are free, assignable and all of them come before any comes twice', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 24, max: 30 }),
      fc.array(fc.nat(255), { maxLength: 8 }),
      fc.nat(300),
      (prefix, aux, start) => {
        const subnet = cidr(`10.9.0.0/${prefix}`)
        const space = {
          subnet,
          range: undefined,
          reserved: [subnet.base + 1n, ...aux.map(BigInt).map(value => subnet.base + value)],
        }
        const taken = new Set<bigint>()
        let from: bigint | undefined = subnet.base + BigInt(start)
        for (;;) {
          const value = nextAddress(space, candidate => taken.has(candidate), from)
          if (value === undefined) break
          assert.ok(!taken.has(value) && contains(subnet, { family: 4, value }))
          assert.ok(isAssignable(space, { family: 4, value }))
          taken.add(value)
          from = value + 1n
        }
        const assignable = Array.from({ length: Number(sizeOf(subnet)) }, (_, i) => subnet.base + BigInt(i)).filter(
          value => isAssignable(space, { family: 4, value }),
        )
        assert.equal(taken.size, assignable.length)
      },
    ),
  )
})

test('the book never gives one address to two containers, and takes released ones last', () => {
  const book = new AddressBook()
  const net = network([{ Subnet: '10.9.0.0/29', Gateway: '10.9.0.1' }])
  const take = (owner: string, ...wanted: string[]): string => book.take(net, owner, wanted)[0]!.address
  assert.equal(take('a'), '10.9.0.2')
  assert.equal(take('b'), '10.9.0.3')
  book.release('n', 'a')
  assert.equal(take('c'), '10.9.0.4')
  assert.equal(take('d', '10.9.0.2'), '10.9.0.2')
  assert.throws(() => take('e', '10.9.0.3'), {
    code: 'CONFLICT',
    message: /Address already in use: 10\.9\.0\.3 .* container b/,
  })
  assert.throws(() => take('e', '10.9.0.1'), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => take('e', '10.8.0.1'), { code: 'INVALID_ARGUMENT' })
  assert.equal(take('f'), '10.9.0.5')
  assert.equal(take('g'), '10.9.0.6')
  assert.throws(() => take('h'), { code: 'NO_SPACE', message: /no available IPv4 addresses on network net/ })
})

test('an ip range limits what is given out, not what may be asked for', () => {
  const book = new AddressBook()
  const net = network([{ Subnet: '10.9.0.0/24', Gateway: '10.9.0.1', IPRange: '10.9.0.128/30' }])
  assert.equal(book.take(net, 'a', [])[0]!.address, '10.9.0.128')
  assert.equal(book.take(net, 'b', ['10.9.0.7'])[0]!.address, '10.9.0.7')
})
