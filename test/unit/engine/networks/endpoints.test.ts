import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRequest } from '../../../../engine/networks/attachments.ts'
import { attachConfig, type PlacedEndpoint } from '../../../../engine/networks/endpoints.ts'
import { nameserversOf } from '../../../../engine/networks/host-resolver.ts'
import { newNetwork } from '../../../../engine/networks/new-network.ts'
import { parsePortKey, portMapView, portSummaries, publishedPorts } from '../../../../engine/networks/ports.ts'
import { checkRequest, parseMode, wishesOf } from '../../../../engine/networks/wishes.ts'
import { BerthError } from '../../../../schemas/errors.ts'

const front = newNetwork({ Name: 'front' }, { id: 'f'.repeat(64), created: '', networks: [], routes: [] })
const back = {
  ...newNetwork({ Name: 'back', Internal: true }, { id: 'b'.repeat(64), created: '', networks: [], routes: [] }),
}
const find = (text: string) => {
  const found = [front, back].find(network => network.name === text || network.id === text)
  if (found === undefined) throw new BerthError('NOT_FOUND', `network ${text} not found`)
  return found
}
const request: NetworkRequest = {
  containerId: 'c0ffee'.repeat(11),
  name: 'shop-web-1',
  hostname: 'web',
  mode: 'back',
  endpoints: { back: {}, front: { Aliases: ['Web', 'api'] } },
  exposedPorts: ['80/tcp', '9000/udp'],
  portBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
  publishAllPorts: false,
  dns: [],
  dnsOptions: [],
  sysctls: { 'net.core.somaxconn': '1', 'kernel.shmmax': '2' },
  labels: {},
}
const place = (position: number): PlacedEndpoint => ({
  ...wishesOf(request, find)[position]!,
  leases: [{ family: 4, address: `10.201.${position}.2`, prefix: 24 }],
})

test('modes', () => {
  assert.deepEqual(parseMode(''), { kind: 'networks', main: 'bridge' })
  assert.deepEqual(parseMode('container:x'), { kind: 'container', container: 'x' })
  assert.deepEqual(parseMode('none'), { kind: 'none' })
})

test('the network of the mode comes first; the default route and the ports go through the first that is not internal', () => {
  const config = attachConfig(request, [place(0), place(1)], { netns: '/n', upstreams: ['9.9.9.9'] })
  assert.deepEqual(
    config.endpoints.map(endpoint => [endpoint.interface, endpoint.networkId[0], endpoint.gateways]),
    [
      ['eth0', 'b', []],
      ['eth1', 'f', ['10.201.0.1']],
    ],
  )
  assert.deepEqual(config.endpoints[1]?.names, ['shop-web-1', 'web', 'api', 'c0ffeec0ffee'])
  assert.equal(config.endpoints[1]?.mac, '02:42:0a:c9:01:02')
  assert.deepEqual(
    config.ports.map(port => [port.hostAddress, port.containerAddress]),
    [
      ['0.0.0.0', '10.201.1.2'],
      ['::', '10.201.1.2'],
    ],
  )
  assert.equal(config.sysctls['net.core.somaxconn'], '1')
  assert.equal(config.sysctls['kernel.shmmax'], undefined)
  assert.deepEqual(attachConfig(request, [place(0)], { netns: '/n', upstreams: [] }).ports, [])
})

test('port bindings: ranges, random, one address, publish-all', () => {
  const targets = { ipv4: '10.0.0.2', ipv6: undefined }
  const publish = (HostIp: string, HostPort: string) =>
    publishedPorts(
      { exposedPorts: [], publishAllPorts: false, portBindings: { '80': [{ HostIp, HostPort }] } },
      targets,
    )
  assert.deepEqual(publish('127.0.0.1', '8000-8003'), [
    {
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
      hostPort: 8000,
      hostPortEnd: 8003,
      containerAddress: '10.0.0.2',
      containerPort: 80,
    },
  ])
  assert.equal(publish('', '').length, 2)
  assert.equal(publish('::1', '80')[0]?.containerAddress, '10.0.0.2')
  assert.equal(
    publishedPorts({ exposedPorts: ['53/udp'], portBindings: {}, publishAllPorts: true }, targets)[0]?.protocol,
    'udp',
  )
  for (const [ip, port] of [
    ['', '70000'],
    ['', '9-8'],
    ['nowhere', '80'],
    ['', 'http'],
  ] as const) {
    assert.throws(() => publish(ip, port), { code: 'INVALID_ARGUMENT' })
  }
  for (const key of ['0', '65536/tcp', '80/http', '', '80-90'])
    assert.throws(() => parsePortKey(key), { code: 'INVALID_ARGUMENT' })
})

test('a create finds unknown networks and malformed wishes at once', () => {
  const check = (change: Partial<NetworkRequest>) => () => checkRequest({ ...request, ...change }, find)
  assert.throws(check({ mode: 'nope' }), { code: 'NOT_FOUND', message: 'network nope not found' })
  assert.throws(check({ endpoints: { front: { MacAddress: 'x' } } }), { code: 'INVALID_ARGUMENT' })
  assert.throws(check({ endpoints: { front: { IPAMConfig: { IPv4Address: '1.2.3' } } } }), { code: 'INVALID_ARGUMENT' })
  assert.throws(check({ portBindings: { '80/sctp': [{ HostIp: '', HostPort: '' }] } }), { code: 'INVALID_ARGUMENT' })
})

test('views of ports', () => {
  const published = [
    { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, containerAddress: '10.0.0.2', containerPort: 80 },
  ] as const
  assert.deepEqual(portMapView(['80/tcp', '90/udp'], published), {
    '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
    '90/udp': null,
  })
  assert.deepEqual(portSummaries(['80/tcp', '90/udp'], published), [
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { PrivatePort: 90, Type: 'udp' },
  ])
})

test('name servers of resolv.conf', () => {
  assert.deepEqual(
    nameserversOf('# x\nnameserver 9.9.9.9\nnameserver 127.0.0.11\n nameserver fe80::1%eth0\noptions ndots:1\n'),
    ['9.9.9.9'],
  )
})
