import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Attachment } from '../../../engine/networks/attachments.ts'
import { eventually } from '../../support/eventually.ts'
import { containerId, type Lab, openLab, resolve } from './lab.ts'

/** A DNS server on the host: answers every A question of `known.example` with 203.0.113.9, `slow.example` never, and everything else NXDOMAIN. */
const upstream = `
  const answer = data => {
    const isKnown = data.includes(Buffer.from('known'))
    const question = data.subarray(12, data.indexOf(0, 12) + 5)
    const header = Buffer.from([data[0], data[1], 0x81, isKnown ? 0x80 : 0x83, 0, 1, 0, isKnown ? 1 : 0, 0, 0, 0, 0])
    return Buffer.concat([header, question, ...(isKnown ? [Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9])] : [])])
  }
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('message', (data, from) => data.includes(Buffer.from('slow')) || socket.send(answer(data), from.port, from.address))
  socket.bind(53, '127.0.0.1', () => console.log('ready'))`

describe('names', () => {
  let lab: Lab
  let client: Attachment
  const ask = (from: Attachment, name: string, type = 'A'): Promise<string> =>
    lab.inside(from, process.execPath, '-e', resolve(name, type))

  before(async () => {
    lab = await openLab()
    await lab.networks().service.create({ Name: 'app_default' })
    await lab.networks().service.create({ Name: 'sealed', Internal: true })
    await lab.networks().service.create({ Name: 'six', EnableIPv6: true })
    await lab.serve('host', upstream)
    const inApp = (...Aliases: string[]) => ({ mode: 'app_default', endpoints: { app_default: { Aliases } } })
    client = (await lab.container('client', inApp())).attachment
    await lab.container('app-web-1', inApp('web'))
    await lab.container('app-web-2', inApp('web'))
  })
  after(() => lab.close())

  test('container names, aliases, short ids and name.network resolve, whatever the case', async () => {
    const one = await ask(client, 'app-web-1')
    assert.match(one, /^10\.\d+\.\d+\.\d+$/)
    assert.equal(await ask(client, 'APP-Web-1.app_default'), one)
    assert.equal(await ask(client, containerId('app-web-1').slice(0, 12)), one)
    assert.equal(
      await ask(client, one.split('.').reverse().join('.').concat('.in-addr.arpa'), 'PTR'),
      'app-web-1.app_default',
    )
  })

  test('a service name resolves to all replicas', async () => {
    assert.equal((await ask(client, 'web')).split(',').length, 2)
  })

  test('a name without IPv6 is no error: NODATA', async () => {
    assert.equal(await ask(client, 'web', 'AAAA'), 'ENODATA')
  })

  test('IPv6 networks answer AAAA', async () => {
    const { attachment } = await lab.container('v6', { mode: 'six' })
    assert.match(await ask(attachment, 'v6', 'AAAA'), /^fd62:/)
  })

  test('other names are asked upstream; what nobody knows is NXDOMAIN, silence is SERVFAIL', async () => {
    assert.equal(await ask(client, 'known.example'), '203.0.113.9')
    assert.equal(await ask(client, 'nowhere.example'), 'ENOTFOUND')
  })

  test('an internal network asks nobody', async () => {
    const { attachment } = await lab.container('inner', { mode: 'sealed' })
    assert.equal(await ask(attachment, 'known.example'), 'ESERVFAIL')
    assert.match(await ask(attachment, 'inner'), /^10\./)
    assert.equal(await lab.inside(attachment, 'ip', 'route', 'show', 'default'), '')
  })

  test('names of other networks are unknown', async () => {
    const { attachment } = await lab.container('outsider', { mode: 'six' })
    assert.equal(await ask(attachment, 'web'), 'ENOTFOUND')
  })

  test('a container may have port 53 for itself', async () => {
    await lab.serve(
      client,
      `
    require('node:net').createServer().listen(53, '0.0.0.0', () =>
      require('node:dgram').createSocket('udp4').bind(53, '0.0.0.0', () => console.log('ready')))`,
    )
    assert.match(await ask(client, 'app-web-1'), /^10\./)
  })

  test('a name follows docker rename and goes with detach', async () => {
    const { id } = await lab.container('former', { mode: 'app_default' })
    await lab.networks().containers.rename(id, 'latter')
    assert.match(await ask(client, 'latter'), /^10\./)
    assert.equal(await ask(client, 'former'), 'ENOTFOUND')
    await lab.networks().containers.release(id)
    assert.equal(await ask(client, 'latter'), 'ENOTFOUND')
  })

  test('names, ports and networks survive a killed netd', async () => {
    const before = lab.netdPid()
    await lab.killNetd()
    await eventually('another netd runs', () => lab.netdPid() !== before)
    assert.equal((await ask(client, 'web')).split(',').length, 2)
    assert.equal(await ask(client, 'known.example'), '203.0.113.9')
  })

  test('a restarted engine finds its containers attached', async () => {
    await lab.restartEngine()
    const id = containerId('client')
    assert.equal(lab.networks().containers.isAttached(id), true)
    assert.equal((await lab.networks().containers.attach(id)).netnsPath, client.netnsPath)
  })
})
