import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { containerId, type Lab, openLab, resolve } from './lab.ts'

describe('networks as the API has them', () => {
  let lab: Lab
  const service = () => lab.networks().service
  before(async () => {
    lab = await openLab()
  })
  after(() => lab.close())

  test('bridge, host and none are there and cannot be removed', async () => {
    const names = service()
      .list(new Map())
      .map(network => `${network.Name}:${network.Driver}`)
    assert.deepEqual(names.sort(), ['bridge:bridge', 'host:host', 'none:null'])
    await assert.rejects(service().remove('bridge'), {
      code: 'FORBIDDEN',
      message: 'bridge is a pre-defined network and cannot be removed',
    })
  })

  test('of two creates with one name one fails, and the survivor has a bridge', async () => {
    const results = await Promise.allSettled([service().create({ Name: 'twin' }), service().create({ Name: 'twin' })])
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 1)
    const { Id } = service().inspect('twin')
    assert.match(await lab.host('ip', '-o', 'link'), new RegExp(`br-${Id.slice(0, 12)}`))
  })

  test('networks that are made at the same time get different subnets', async () => {
    const names = ['left', 'middle', 'right']
    await Promise.all(names.map(name => service().create({ Name: name })))
    const subnets = names.map(name => service().inspect(name).IPAM.Config?.[0]?.Subnet)
    assert.equal(new Set(subnets).size, names.length, `${subnets}`)
    await Promise.all(names.map(name => service().remove(name)))
  })

  test('a network in use is not removed or pruned; detached it is, with its bridge', async () => {
    const { id } = await lab.container('user', { mode: 'twin' })
    const network = service().inspect('twin')
    assert.equal(network.Containers[id]?.Name, 'user')
    await assert.rejects(service().remove('twin'), {
      code: 'FORBIDDEN',
      message: /network twin has active endpoints \(name:"user" id:"/,
    })
    assert.deepEqual(await service().prune(new Map(), undefined), [])
    await lab.networks().containers.release(id)
    assert.deepEqual(await service().prune(new Map(), undefined), ['twin'])
    assert.throws(() => service().inspect('twin'), { code: 'NOT_FOUND', message: 'network twin not found' })
  })

  test('connect adds an interface and names, disconnect takes them away', async () => {
    await service().create({ Name: 'one' })
    await service().create({ Name: 'two' })
    const { id, attachment } = await lab.container('mover', { mode: 'one' })
    const other = await lab.container('other', { mode: 'two' })
    await service().connect('two', id, { Aliases: ['moved'] })
    assert.match(await lab.inside(attachment, 'ip', '-o', '-4', 'addr', 'show', 'eth1'), /inet 10\./)
    assert.match(await lab.inside(other.attachment, process.execPath, '-e', resolve('moved', 'A')), /^10\./)
    await assert.rejects(service().connect('two', id, {}), {
      code: 'FORBIDDEN',
      message: /already exists in network two/,
    })
    await service().disconnect('two', id)
    await assert.rejects(lab.inside(attachment, 'ip', 'link', 'show', 'eth1'))
    assert.deepEqual(Object.keys(lab.networks().containers.endpoints(id)), ['one'])
  })

  test('a static address is kept, refused to a second container, and free again after the first', async () => {
    await service().create({ Name: 'static', IPAM: { Config: [{ Subnet: '10.88.0.0/24' }] } })
    const wish = { mode: 'static', endpoints: { static: { IPAMConfig: { IPv4Address: '10.88.0.50' } } } }
    const { id } = await lab.container('first', wish)
    assert.equal(lab.networks().containers.endpoints(id)['static']?.IPAddress, '10.88.0.50')
    await assert.rejects(lab.container('second', wish), {
      code: 'CONFLICT',
      message: /Address already in use: 10\.88\.0\.50/,
    })
    await lab.networks().containers.release(id)
    await lab.networks().containers.attach(containerId('second'))
    assert.equal(lab.networks().containers.isAttached(containerId('second')), true)
  })
})
