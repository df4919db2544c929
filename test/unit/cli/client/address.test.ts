import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, requestedHost } from '../../../../cli/client/address.ts'
import { negotiateVersion } from '../../../../cli/client/version.ts'

test('every form of a host that docker takes', async () => {
  assert.deepEqual(await parseAddress('unix:///run/x.sock', {}), {
    kind: 'unix',
    text: 'unix:///run/x.sock',
    socketPath: '/run/x.sock',
  })
  assert.deepEqual(await parseAddress('/run/x.sock', {}), {
    kind: 'unix',
    text: 'unix:///run/x.sock',
    socketPath: '/run/x.sock',
  })
  assert.deepEqual(await parseAddress('tcp://[::1]:99', {}), {
    kind: 'tcp',
    text: 'tcp://[::1]:99',
    hostname: '::1',
    port: 99,
  })
  assert.deepEqual(await parseAddress('ssh://me@host:22', {}), {
    kind: 'ssh',
    text: 'ssh://me@host:22',
    destination: 'me@host',
    port: 22,
  })
})

test('TLS is on with DOCKER_TLS_VERIFY, on its own port, and checks the certificate', async () => {
  const address = await parseAddress('tcp://engine', { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nonexistent' })
  assert.deepEqual(address, {
    kind: 'tcp',
    text: 'tcp://engine',
    hostname: 'engine',
    port: 2376,
    tls: { rejectUnauthorized: true },
  })
})

test('a host that is none says what is expected', async () => {
  await assert.rejects(parseAddress('engine', {}), /expected unix:.*found "engine"/)
  await assert.rejects(parseAddress('ftp://engine', {}), /expected unix:.*found "ftp:/)
})

test('the flag beats BERTH_HOST beats DOCKER_HOST; empty is not set', () => {
  const env = { BERTH_HOST: '', DOCKER_HOST: 'd' }
  assert.equal(requestedHost('f', env), 'f')
  assert.equal(requestedHost(undefined, env), 'd')
  assert.equal(requestedHost(undefined, { ...env, BERTH_HOST: 'b' }), 'b')
  assert.equal(requestedHost(undefined, {}), undefined)
})

test('the lower of both API versions is spoken; too old an engine is refused', () => {
  assert.equal(negotiateVersion('1.44'), '1.44')
  assert.equal(negotiateVersion('1.60'), '1.51')
  assert.equal(negotiateVersion(''), '1.51')
  assert.throws(() => negotiateVersion('1.9'), /expected an engine with API 1.41 or newer, found 1.9/)
})
