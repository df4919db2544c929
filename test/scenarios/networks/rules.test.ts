import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertGolden } from '../../support/golden.ts'
import { containerId, type Lab, openLab } from './lab.ts'

/** A stack with fixed addresses; its rules are documentation: test/golden/networks. */
describe('the rules of a stack', () => {
  let lab: Lab
  const service = () => lab.networks().service
  before(async () => {
    lab = await openLab()
    // A host that forwards already: on others the first rule of `forward` drops what is not ours.
    await lab.host('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    const options = (name: string) => ({ 'com.docker.network.bridge.name': name })
    const labels = { 'com.docker.compose.project': 'shop' }
    await service().create({
      Name: 'shop_front',
      Labels: labels,
      EnableIPv6: true,
      Options: options('br-front'),
      IPAM: { Config: [{ Subnet: '10.93.1.0/24' }, { Subnet: 'fd00:93:1::/64' }] },
    })
    await service().create({
      Name: 'shop_back',
      Labels: labels,
      Internal: true,
      Options: options('br-back'),
      IPAM: { Config: [{ Subnet: '10.93.2.0/24' }] },
    })
    await service().create({
      Name: 'other',
      Options: { 'com.docker.network.bridge.enable_icc': 'false', ...options('br-other') },
    })
    const db = { shop_back: { IPAMConfig: { IPv4Address: '10.93.2.9' } } }
    await lab.container('shop-db-1', { mode: 'shop_back', hostname: 'db', endpoints: db })
    await lab.container('shop-web-1', {
      mode: 'shop_front',
      hostname: 'web',
      endpoints: { shop_front: { Aliases: ['www'] }, shop_back: { Links: ['shop-db-1:store'] } },
      portBindings: {
        '80/tcp': [{ HostIp: '', HostPort: '18093' }],
        '53/udp': [{ HostIp: '127.0.0.1', HostPort: '18094' }],
      },
    })
    await lab.container('elsewhere', { mode: 'other' })
  })
  after(() => lab.close())

  test('berthd tells them as text, for one project', async () => {
    const filters = new Map([['label', ['com.docker.compose.project=shop']]])
    assertGolden('networks/shop.txt', await service().rules(filters))
  })

  test('and nft shows the same in the kernel', async () => {
    const [table = ''] = (await lab.host('nft', 'list', 'tables'))
      .split('\n')
      .filter(line => line.startsWith('table inet'))
    const text = await lab.host('nft', ...table.replace('table', 'list table').split(' '))
    assertGolden('networks/shop.nft', `${normalize(text, table)}\n`)
    // What an administrator saves can be loaded again: no name of ours is a word of nft's language.
    const saved = join(mkdtempSync(join(tmpdir(), 'berth-nft-')), 'saved.nft')
    writeFileSync(saved, text)
    await lab.host('nft', '-c', '-f', saved)
    rmSync(dirname(saved), { recursive: true })
  })

  test('elements of sets go with their container and network', async () => {
    for (const name of ['shop-web-1', 'shop-db-1', 'elsewhere'])
      await lab.networks().containers.release(containerId(name))
    for (const name of ['shop_front', 'shop_back', 'other']) await service().remove(name)
    assert.equal(await service().rules(new Map()), '')
    assert.doesNotMatch(await lab.host('nft', 'list', 'ruleset'), /elements/)
  })
})

/** Names and numbers of this one run become those of an instance called berth; elements, which the kernel hashes, are sorted. */
const normalize = (text: string, table: string): string =>
  text
    .replace(table, 'table inet berth')
    .replaceAll(/(iifgroup|oifgroup) (!= )?(0x)?[0-9a-f]+/g, '$1 $2<group>')
    .replaceAll(/elements = \{([^}]*)\}/g, (_, elements: string) => {
      const sorted = elements
        .split(',')
        .map(element => element.trim().replaceAll(/\s+/g, ' '))
        .sort()
      return `elements = { ${sorted.join(',\n\t\t\t     ')} }`
    })
