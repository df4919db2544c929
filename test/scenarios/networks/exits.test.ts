import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { httpServer, type Lab, openLab } from './lab.ts'

const ask = (url: string): string =>
  `fetch('${url}', { signal: AbortSignal.timeout(3000) }).then(r => r.text()).then(t => console.log(t.split(' ')[0]), () => console.log('none'))`

/** What dockerd 28.5 was seen to do in the same steps. */
describe('the way out of a container in several networks', () => {
  let lab: Lab
  const service = () => lab.networks().service
  before(async () => {
    lab = await openLab()
    await service().create({ Name: 'alpha', IPAM: { Config: [{ Subnet: '10.91.1.0/24' }] } })
    await service().create({ Name: 'beta', IPAM: { Config: [{ Subnet: '10.91.2.0/24' }] } })
    await service().create({ Name: 'inner', Internal: true })
  })
  after(() => lab.close())

  test('by name, then wherever there is one left; published ports follow, with their numbers', async () => {
    const { id, attachment } = await lab.container('walker', {
      mode: 'beta',
      endpoints: { beta: {}, alpha: {} },
      exposedPorts: ['80/tcp'],
      portBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    })
    await lab.serve(attachment, httpServer('walker', 80))
    const exit = (): Promise<string> => lab.inside(attachment, 'ip', '-4', 'route', 'show', 'default')
    const [published] = lab.networks().containers.ports(id)
    const answer = (): Promise<string> =>
      lab.host(process.execPath, '-e', ask(`http://127.0.0.1:${published?.PublicPort}/`))
    assert.match(await exit(), /^default via 10\.91\.1\.1 dev eth0/)
    assert.equal(await answer(), 'walker')

    await service().disconnect('alpha', id)
    assert.match(await exit(), /^default via 10\.91\.2\.1 dev eth1/)
    assert.deepEqual(lab.networks().containers.ports(id), [published])
    assert.equal(await answer(), 'walker')

    await service().disconnect('beta', id)
    assert.equal(await exit(), '')
    assert.deepEqual(lab.networks().containers.ports(id), [{ PrivatePort: 80, Type: 'tcp' }])
    assert.equal(await answer(), 'none')

    await service().connect('inner', id, {})
    assert.equal(await exit(), '')
    await service().connect('beta', id, {})
    assert.match(await exit(), /^default via 10\.91\.2\.1/)
    await service().connect('alpha', id, { GwPriority: -1 })
    assert.match(await exit(), /^default via 10\.91\.2\.1/)
    await lab.networks().containers.release(id)
  })

  test('a higher gateway priority takes the way out at once, and after a restart of the engine', async () => {
    const { id, attachment } = await lab.container('chooser', { mode: 'alpha' })
    await service().connect('beta', id, { GwPriority: 5 })
    await lab.restartEngine()
    assert.match(await lab.inside(attachment, 'ip', 'route', 'show', 'default'), /^default via 10\.91\.2\.1 dev eth1/)
    await lab.networks().containers.release(id)
  })

  test('a container that left none may be connected', async () => {
    const { id, attachment } = await lab.container('hermit', { mode: 'none' })
    await assert.rejects(service().connect('alpha', id, {}), { message: /private \(none\) mode/ })
    await service().disconnect('none', id)
    await service().connect('alpha', id, {})
    assert.match(await lab.inside(attachment, 'ip', 'route', 'show', 'default'), /^default via 10\.91\.1\.1 dev eth0/)
    await lab.networks().containers.release(id)
  })
})
