import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Attachment } from '../../../engine/networks/attachments.ts'
import { httpServer, type Lab, openLab, udpAsk, udpServer } from './lab.ts'

const get = (url: string): string[] => ['curl', '-s', '--max-time', '3', url]

describe('published ports', () => {
  let lab: Lab
  let web: Attachment
  let peer: Attachment
  let stranger: Attachment

  before(async () => {
    lab = await openLab()
    await lab.networks().service.create({ Name: 'front' })
    await lab.networks().service.create({ Name: 'other' })
    web = (
      await lab.container('web', {
        mode: 'front',
        portBindings: {
          '80/tcp': [{ HostIp: '', HostPort: '18080' }],
          '81/tcp': [{ HostIp: '127.0.0.1', HostPort: '18081' }],
          '90/udp': [{ HostIp: '', HostPort: '18090' }],
        },
      })
    ).attachment
    peer = (await lab.container('peer', { mode: 'front' })).attachment
    stranger = (await lab.container('stranger', { mode: 'other' })).attachment
    await Promise.all([
      lab.serve(web, httpServer('web', 80)),
      lab.serve(web, httpServer('private', 81)),
      lab.serve(web, udpServer('udp', 90)),
      lab.serve('host', httpServer('host', 7000, '127.0.0.1')),
    ])
  })
  after(() => lab.close())

  const addressOf = (attachment: Attachment): string => attachment.hosts[0]?.address ?? ''

  test('a published port answers at localhost, at [::1] and at the host address', async () => {
    assert.match(await lab.host(...get('http://127.0.0.1:18080/')), /^web /)
    assert.match(await lab.host(...get('http://[::1]:18080/')), /^web /)
    assert.equal(await lab.host(...get('http://198.51.100.1:18080/')), 'web 198.51.100.1')
  })

  test('a published port answers containers of its network, of others, and its own', async () => {
    assert.match(await lab.inside(peer, ...get('http://198.51.100.1:18080/')), /^web /)
    assert.match(await lab.inside(stranger, ...get('http://198.51.100.1:18080/')), /^web /)
    assert.match(await lab.inside(web, ...get('http://198.51.100.1:18080/')), /^web /)
  })

  test('a port published at 127.0.0.1 answers there and nowhere else', async () => {
    assert.match(await lab.host(...get('http://127.0.0.1:18081/')), /^private /)
    await assert.rejects(lab.host(...get('http://198.51.100.1:18081/')))
    await assert.rejects(lab.inside(peer, ...get('http://198.51.100.1:18081/')))
  })

  test('udp is published, at [::1] too', async () => {
    for (const address of ['127.0.0.1', '198.51.100.1', '::1']) {
      assert.equal(await lab.host(process.execPath, '-e', udpAsk(address, 18090)), 'udp hello')
    }
  })

  test('containers of one network reach each other, those of another do not', async () => {
    assert.match(await lab.inside(peer, ...get(`http://${addressOf(web)}/`)), /^web /)
    await assert.rejects(lab.inside(stranger, ...get(`http://${addressOf(web)}/`)))
  })

  test('a container cannot reach what listens on the loopback of the host', async () => {
    assert.match(await lab.host(...get('http://127.0.0.1:7000/')), /^host /)
    const gateway = (await lab.inside(peer, 'ip', 'route', 'show', 'default')).split(' ')[2] ?? ''
    await lab
      .inside(peer, 'ip', 'route', 'add', '127.0.0.1/32', 'via', gateway, 'table', 'local')
      .catch(() => undefined)
    await assert.rejects(lab.inside(peer, ...get(`http://${gateway}:7000/`)))
    await assert.rejects(lab.inside(peer, ...get('http://127.0.0.1:7000/')))
  })

  test('a port in use is refused, names its owner, and leaves nothing behind', async () => {
    const before = await lab.host('ip', '-o', 'link')
    await assert.rejects(
      lab.container('second', { mode: 'front', portBindings: { '80/tcp': [{ HostIp: '', HostPort: '18080' }] } }),
      { code: 'CONFLICT', message: /0\.0\.0\.0:18080\/tcp: address already in use/, hint: /container web/ },
    )
    await lab.serve('host', httpServer('host', 18099))
    await assert.rejects(
      lab.container('third', { mode: 'front', portBindings: { '80/tcp': [{ HostIp: '', HostPort: '18099' }] } }),
      { code: 'CONFLICT', message: /:18099\/tcp: address already in use/ },
    )
    assert.equal(await lab.host('ip', '-o', 'link'), before)
  })

  test('a free port is picked, the same for IPv4 and IPv6, and given back at detach', async () => {
    const { id } = await lab.container('random', { mode: 'front', exposedPorts: ['80/tcp'], publishAllPorts: true })
    const ports = lab.networks().containers.ports(id)
    assert.equal(ports.length, 2)
    assert.equal(ports[0]?.PublicPort, ports[1]?.PublicPort)
    await lab.networks().containers.detach(id)
    await lab.serve('host', httpServer('host', ports[0]?.PublicPort ?? 0))
  })

  test('rules that somebody flushed come back', async () => {
    await lab.host('nft', 'flush', 'ruleset')
    await lab.host('nft', 'add', 'table', 'inet', 'somebody')
    await lab.host(
      'nft',
      'add',
      'chain',
      'inet',
      'somebody',
      'forward',
      '{ type filter hook forward priority 0; policy drop; }',
    )
    const { eventually } = await import('../../support/eventually.ts')
    await eventually('the port answers again', () =>
      lab.inside(stranger, ...get('http://198.51.100.1:18080/')).then(
        text => text.startsWith('web '),
        () => false,
      ),
    )
  })
})
