import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Attachment } from '../../../engine/networks/attachments.ts'
import { containerId, type Lab, openLab, resolve } from './lab.ts'

describe('links', () => {
  let lab: Lab
  const ask = (where: Attachment, name: string): Promise<string> =>
    lab.inside(where, process.execPath, '-e', resolve(name, 'A'))
  before(async () => {
    lab = await openLab()
    await lab.networks().service.create({ Name: 'shop' })
  })
  after(() => lab.close())

  test('a link of a network is a name for its container alone, also while the other is replaced', async () => {
    const client = await lab.container('client', {
      mode: 'shop',
      endpoints: { shop: { Links: ['db-1:store', 'late'] } },
    })
    const other = await lab.container('other', { mode: 'shop' })
    assert.match(await ask(client.attachment, 'store'), /^E/)
    const db = await lab.container('db-1', { mode: 'shop' })
    const address = lab.networks().containers.endpoints(db.id)['shop']?.IPAddress
    assert.equal(await ask(client.attachment, 'STORE'), address)
    assert.equal(await ask(client.attachment, 'store.shop'), address)
    assert.match(await ask(other.attachment, 'store'), /^E/)
    assert.deepEqual(lab.networks().containers.endpoints(client.id)['shop']?.Links, ['db-1:store', 'late'])
  })

  test('docker run --link in the default network: by name, id or alias; the other must exist, and run', async () => {
    const db = await lab.container('db')
    const address = lab.networks().containers.endpoints(db.id)['bridge']?.IPAddress
    const client = await lab.container('linked', { links: ['db:store', `${db.id}:/linked/byid`] })
    assert.equal(await ask(client.attachment, 'store'), address)
    assert.equal(await ask(client.attachment, 'byid'), address)
    await assert.rejects(lab.container('lost', { links: ['nobody:x'] }), {
      code: 'INVALID_ARGUMENT',
      message: 'could not get container for nobody: No such container: nobody',
    })
    await lab.networks().containers.detach(db.id)
    await assert.rejects(lab.container('early', { links: ['db:store'] }), {
      code: 'CONFLICT',
      message: 'Cannot link to a non running container: /db AS /early/store',
    })
    await assert.rejects(lab.container('elsewhere', { links: ['client:x'] }), {
      message: `container ${containerId('client')} not attached to default bridge network`,
    })
  })

  test('a shared network namespace has no links and no ports of its own', async () => {
    const refused = (request: object) => lab.container('sharer', { mode: 'container:client', ...request })
    await assert.rejects(refused({ links: ['other:x'] }), {
      message:
        "conflicting options: container type network can't be used with links. This would result in undefined behavior",
    })
    await assert.rejects(refused({ portBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] } }), {
      message: 'conflicting options: port publishing and the container type network mode',
    })
    const { attachment } = await refused({})
    assert.match(attachment.netnsPath ?? '', new RegExp(containerId('client')))
  })
})
