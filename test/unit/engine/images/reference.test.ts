import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { familiarName, fullName, parseReference, withDefaultTag } from '../../../../engine/images/reference.ts'
import { matchesReference } from '../../../../engine/images/select.ts'
import { formatTransport, parseTransport } from '../../../../engine/images/transport.ts'

const sha = `sha256:${'a'.repeat(64)}`

describe('references', () => {
  const valid: Record<string, [full: string, familiar: string]> = {
    busybox: ['docker.io/library/busybox:latest', 'busybox:latest'],
    'busybox:1.36': ['docker.io/library/busybox:1.36', 'busybox:1.36'],
    'library/busybox': ['docker.io/library/busybox:latest', 'busybox:latest'],
    'docker.io/busybox': ['docker.io/library/busybox:latest', 'busybox:latest'],
    'index.docker.io/team/app': ['docker.io/team/app:latest', 'team/app:latest'],
    'localhost/app': ['localhost/app:latest', 'localhost/app:latest'],
    'localhost:5000/a/b:x': ['localhost:5000/a/b:x', 'localhost:5000/a/b:x'],
    'reg.example/app_a/b--c__d.e': ['reg.example/app_a/b--c__d.e:latest', 'reg.example/app_a/b--c__d.e:latest'],
    'Reg/app': ['Reg/app:latest', 'Reg/app:latest'],
    '[::1]:5000/app': ['[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    [`busybox@${sha}`]: [`docker.io/library/busybox@${sha}`, `busybox@${sha}`],
    [`busybox:1@${sha}`]: [`docker.io/library/busybox:1@${sha}`, `busybox:1@${sha}`],
  }
  for (const [text, [full, familiar]] of Object.entries(valid)) {
    test(text, () => {
      const reference = withDefaultTag(parseReference(text))
      assert.equal(fullName(reference), full)
      assert.equal(familiarName(reference), familiar)
    })
  }

  for (const text of [
    '',
    'Busybox',
    'a//b',
    '/a',
    'a/',
    'a:',
    ':a',
    'a:b:c',
    'a b',
    'a@sha256:1',
    '../x',
    'a/../b',
    `${'a/'.repeat(200)}a`,
    `a:${'t'.repeat(129)}`,
    'a'.repeat(64),
    '-a',
    'a_',
    'a.-b',
    'ä',
    'x\n',
  ]) {
    test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () =>
      assert.throws(() => parseReference(text), { code: 'INVALID_ARGUMENT' }))
  }

  test('the full name and the familiar name mean the same', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(valid)), text => {
        const reference = withDefaultTag(parseReference(text))
        assert.deepEqual(parseReference(fullName(reference)), reference)
        assert.deepEqual(parseReference(familiarName(reference)), reference)
      }),
    )
  })
})

describe('transports', () => {
  test('paths and names', () => {
    assert.deepEqual(parseTransport('docker-archive:/a/b.tar'), { kind: 'docker-archive', path: '/a/b.tar' })
    assert.deepEqual(parseTransport('docker-archive:/a/b.tar:x:1'), {
      kind: 'docker-archive',
      path: '/a/b.tar',
      name: 'x:1',
    })
    assert.deepEqual(parseTransport('oci:/dir/'), { kind: 'oci', path: '/dir' })
    assert.deepEqual(parseTransport('rootfs:/'), { kind: 'rootfs', path: '/' })
    assert.deepEqual(parseTransport('rootfs:/a:b'), { kind: 'rootfs', path: '/a:b' })
    for (const text of ['oci:latest', 'rootfs:1', 'busybox', 'docker.io/oci:1', `oci@${sha}`])
      assert.equal(parseTransport(text), undefined)
    assert.throws(() => parseTransport('docker-archive:./x.tar'), {
      code: 'INVALID_ARGUMENT',
      message: /absolute path/,
    })
  })

  test('formatting is the inverse', () => {
    for (const text of ['docker-archive:/a.tar:x:1', 'oci-archive:/a.tar', 'oci:/d:name', 'rootfs:/x']) {
      assert.equal(formatTransport(parseTransport(text) ?? assert.fail()), text)
    }
  })
})

test('the reference filter matches names and patterns', () => {
  assert.ok(matchesReference('busybox:1', 'busybox'))
  assert.ok(matchesReference('busybox:1', 'busy*'))
  assert.ok(matchesReference('team/app:1', '*/app:?'))
  assert.ok(!matchesReference('team/app:1', 'app'))
  assert.ok(!matchesReference('busyXbox:1', 'busy.box'))
})
