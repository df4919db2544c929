import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Lab, openLab } from './lab.ts'

describe('two daemons on one host', () => {
  let labs: readonly [Lab, Lab]
  before(async () => {
    const first = await openLab()
    labs = [first, await openLab(first)]
  })
  after(async () => {
    await labs[1].close()
    await labs[0].close()
  })

  test('that start and create at the same moment get different subnets', async () => {
    // Both defined their default network while none had a bridge, so they chose the same subnet: it is settled now.
    await Promise.all(labs.map(lab => lab.container('first')))
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(labs.flatMap(lab => names.map(Name => lab.networks().service.create({ Name }))))
    const subnets = labs.flatMap(lab =>
      ['bridge', ...names].map(name => lab.networks().service.inspect(name).IPAM.Config?.[0]?.Subnet),
    )
    assert.equal(new Set(subnets).size, 2 * (names.length + 1), subnets.join(' '))
    for (const lab of labs) {
      const gateway = lab.networks().service.inspect('bridge').IPAM.Config?.[0]?.Gateway ?? ''
      const [member] = Object.values(lab.networks().service.inspect('bridge').Containers)
      assert.equal(member?.IPv4Address.split('.')[2], gateway.split('.')[2], 'the address is in the settled subnet')
    }
  })

  test('a subnet that the host has is refused by name', async () => {
    await assert.rejects(
      labs[0].networks().service.create({ Name: 'clash', IPAM: { Config: [{ Subnet: '198.51.100.0/24' }] } }),
      { code: 'FORBIDDEN', message: /198\.51\.100\.0\/24/ },
    )
  })
})
