import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRequest } from '../../../../engine/networks/attachments.ts'
import { parseLink } from '../../../../engine/networks/links.ts'
import { keepNumbers } from '../../../../engine/networks/ports.ts'
import { warningsOf } from '../../../../engine/networks/wishes.ts'

const request: NetworkRequest = {
  containerId: 'c0ffee'.repeat(11),
  name: 'web',
  hostname: 'web',
  mode: 'bridge',
  endpoints: {},
  exposedPorts: [],
  portBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
  publishAllPorts: false,
  dns: [],
  dnsOptions: [],
  sysctls: {},
  labels: {},
}

test('a create warns of ports that the host mode discards, and of what a kernel without nf_tables cannot do', () => {
  assert.deepEqual(warningsOf({ ...request, mode: 'host' }, { hasNftables: true }), [
    'Published ports are discarded when using host network mode',
  ])
  assert.deepEqual(warningsOf(request, { hasNftables: true }), [])
  assert.equal(warningsOf(request, { hasNftables: false }).length, 2)
  assert.equal(warningsOf({ ...request, portBindings: {} }, { hasNftables: false }).length, 1)
  assert.deepEqual(warningsOf({ ...request, mode: 'none' }, { hasNftables: false }), [])
})

test('links: container, container:alias, and as daemons show them', () => {
  assert.deepEqual(parseLink('db'), { container: 'db', alias: 'db' })
  assert.deepEqual(parseLink('db:store'), { container: 'db', alias: 'store' })
  assert.deepEqual(parseLink('/db:/web/store'), { container: 'db', alias: 'store' })
  for (const text of ['', ':x', 'a:', 'a:b:c']) assert.throws(() => parseLink(text), { code: 'INVALID_ARGUMENT' })
})

test('a port that moves to another network keeps the number that was picked for it', () => {
  const port = { protocol: 'tcp', hostAddress: '0.0.0.0', containerPort: 80 } as const
  const had = [{ ...port, hostPort: 32768, containerAddress: '10.0.0.2' }]
  const moved = { ...port, containerAddress: '10.0.1.2' }
  assert.deepEqual(keepNumbers([{ ...moved, hostPort: 0 }], had), [{ ...moved, hostPort: 32768 }])
  const range = { ...moved, hostPort: 32760, hostPortEnd: 32770 }
  assert.deepEqual(keepNumbers([range], had), [{ ...moved, hostPort: 32768 }])
  assert.deepEqual(keepNumbers([{ ...moved, hostPort: 80 }], had), [{ ...moved, hostPort: 80 }])
})
