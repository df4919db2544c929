import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { httpServer, type Lab, openLab } from './lab.ts'

const ask = (url: string): string =>
  `fetch('${url}', { signal: AbortSignal.timeout(3000) }).then(r => r.text()).then(t => console.log(t), () => console.log('none'))`

describe('macvlan and ipvlan', () => {
  let lab: Lab
  const service = () => lab.networks().service
  const lan = { IPAM: { Config: [{ Subnet: '10.92.0.0/24', Gateway: '10.92.0.1' }] } }
  before(async () => {
    lab = await openLab()
    // lan0 is the host's interface; its cable ends at a router, whose own namespace is the host's for simplicity.
    await lab.host(
      'sh',
      '-c',
      'ip link add lan0 type veth peer name wire; ip link set lan0 up; ip addr add 10.92.0.1/24 dev wire; ip link set wire up',
    )
  })
  after(() => lab.close())

  test('containers are in the network of the parent, with addresses, names and the route of their own', async () => {
    await service().create({ Name: 'lan', Driver: 'macvlan', Options: { parent: 'lan0' }, ...lan })
    const one = await lab.container('one', {
      mode: 'lan',
      endpoints: { lan: { MacAddress: '02:00:00:00:00:77', IPAMConfig: { IPv4Address: '10.92.0.77' } } },
      portBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    })
    const two = await lab.container('two', { mode: 'lan' })
    assert.match(
      await lab.inside(one.attachment, 'ip', '-d', 'link', 'show', 'eth0'),
      /02:00:00:00:00:77[\s\S]*macvlan mode bridge/,
    )
    assert.match(await lab.inside(one.attachment, 'ip', 'route'), /default via 10\.92\.0\.1 dev eth0/)
    await lab.serve(one.attachment, httpServer('one', 80))
    const fromTwo = await lab.inside(two.attachment, process.execPath, '-e', ask('http://10.92.0.77/'))
    assert.match(fromTwo, /^one 10\.92\.0\./)
    assert.match(await lab.host(process.execPath, '-e', ask('http://10.92.0.77/')), /^one 10\.92\.0\.1$/)
    // It has an address of its own: there is nothing to publish.
    assert.deepEqual(lab.networks().containers.ports(one.id), [])
    assert.equal(service().inspect('lan').Containers[one.id]?.MacAddress, '02:00:00:00:00:77')
  })

  test('a running container is connected and disconnected; the parent stays', async () => {
    const { id, attachment } = await lab.container('mover')
    await service().connect('lan', id, { GwPriority: 1 })
    assert.match(await lab.inside(attachment, 'ip', 'route'), /default via 10\.92\.0\.1 dev eth1/)
    await service().disconnect('lan', id)
    assert.doesNotMatch(await lab.inside(attachment, 'ip', 'route'), /10\.92\.0\./)
    for (const name of ['one', 'two']) {
      const member = Object.entries(service().inspect('lan').Containers).find(([, { Name }]) => Name === name)
      await lab.networks().containers.release(member?.[0] ?? '')
    }
    await service().remove('lan')
    assert.match(await lab.host('ip', 'link', 'show', 'lan0'), /state UP/)
  })

  test('mistakes: no parent, an unknown one, an unknown mode', async () => {
    const create = (Driver: string, Options: Record<string, string>) =>
      service().create({ Name: 'bad', Driver, Options })
    await assert.rejects(create('macvlan', {}), { message: /needs the option parent/ })
    await assert.rejects(create('macvlan', { parent: 'nope0' }), {
      message: '-o parent interface was not found on the host: nope0',
    })
    await assert.rejects(create('macvlan', { parent: 'lan0', macvlan_mode: 'xx' }), {
      message: "requested macvlan mode 'xx' is not valid, 'bridge' mode is the macvlan driver default",
    })
    await assert.rejects(create('ipvlan', { parent: 'lan0', ipvlan_mode: 'l9' }), { message: /ipvlan mode 'l9'/ })
    await assert.rejects(create('overlay', {}), { code: 'NOT_FOUND', message: 'plugin "overlay" not found' })
  })

  test('ipvlan l3 goes out without a gateway', async context => {
    const hasIpvlan = await lab.host('sh', '-c', 'ip link add probe link lan0 type ipvlan && ip link del probe').then(
      () => true,
      () => false,
    )
    await service().create({ Name: 'flat', Driver: 'ipvlan', Options: { parent: 'lan0', ipvlan_mode: 'l3' } })
    if (!hasIpvlan) {
      await assert.rejects(lab.container('layer3', { mode: 'flat' }), { message: /ipvlan: .*not supported/i })
      return context.skip('this kernel has no ipvlan')
    }
    const { attachment } = await lab.container('layer3', { mode: 'flat' })
    assert.match(await lab.inside(attachment, 'ip', 'route'), /^default dev eth0/m)
  })
})
