import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAuthHeader } from '../../../../engine/images/registry/credentials.ts'
import { domainOf } from '../../../../engine/images/registry/login.ts'

test('X-Registry-Auth in every form that clients send', () => {
  const password = { kind: 'password', username: 'ü', password: 'p:w' }
  const forms: [value: object, expected: unknown][] = [
    [{}, undefined],
    [{ username: '', password: '', auth: '' }, undefined],
    [{ username: 'ü', password: 'p:w', serveraddress: 'x', email: '' }, password],
    [{ auth: Buffer.from('ü:p:w').toString('base64') }, password],
    [
      { identitytoken: 't', username: '<token>' },
      { kind: 'identityToken', token: 't' },
    ],
    [
      { registrytoken: 'r', identitytoken: 't' },
      { kind: 'registryToken', token: 'r' },
    ],
  ]
  for (const [value, expected] of forms) {
    const text = Buffer.from(JSON.stringify(value))
    const base64 = text.toString('base64')
    for (const header of [base64, base64.replace(/=+$/, ''), text.toString('base64url')])
      assert.deepEqual(readAuthHeader(header), expected, JSON.stringify(value))
  }
  assert.equal(readAuthHeader(undefined), undefined)
  assert.equal(readAuthHeader(''), undefined)
  for (const bad of [
    'no base64',
    Buffer.from('[1]').toString('base64'),
    Buffer.from('{"username":1}').toString('base64'),
  ])
    assert.throws(() => readAuthHeader(bad), { code: 'INVALID_ARGUMENT', message: /X-Registry-Auth/ })
})

test('the registry of a server address', () => {
  for (const hub of ['', 'https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io'])
    assert.equal(domainOf(hub), 'docker.io')
  assert.equal(domainOf('https://registry.example:5000/v2/'), 'registry.example:5000')
})
