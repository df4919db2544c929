import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanTarget, parseBind, toMountRequests } from '../../../../engine/containers/mount-requests.ts'

test('bind texts: names are volumes, absolute paths are binds', () => {
  assert.deepEqual(parseBind('data:/var/lib/data'), {
    kind: 'volume',
    name: 'data',
    target: '/var/lib/data',
    isReadOnly: false,
    mode: 'z',
  })
  assert.deepEqual(parseBind('/srv/x/../y:/d/:ro,rslave'), {
    kind: 'bind',
    source: '/srv/y',
    createsSource: true,
    target: '/d',
    isReadOnly: true,
    mode: 'ro,rslave',
    propagation: 'rslave',
  })
  assert.deepEqual(parseBind('data:/d:nocopy,z'), {
    kind: 'volume',
    name: 'data',
    noCopy: true,
    target: '/d',
    isReadOnly: false,
    mode: 'nocopy,z',
  })
  assert.deepEqual(parseBind('/only'), { kind: 'volume', name: '', target: '/only', isReadOnly: false, mode: 'z' })
  for (const text of [
    'a:/b:ro:x',
    '../up:/d',
    'a:relative',
    'a:/',
    'a:/d:fast',
    ':/d',
    'aa:/b\0',
    'a:/b',
    '/a:/b:ro,rw',
    '/a:/b:nocopy',
  ]) {
    assert.throws(() => parseBind(text), { code: 'INVALID_ARGUMENT' }, text)
  }
})

test('targets are clean', () => {
  assert.equal(cleanTarget('//a/./b/../c/'), '/a/c')
  assert.throws(() => cleanTarget('/..'))
})

test('a path is mounted once: what was asked for hides inherited mounts and volume paths', () => {
  const requests = toMountRequests({
    hostConfig: { Binds: ['one:/a'], Tmpfs: { '/t': '' }, Mounts: [{ Type: 'tmpfs', Target: '/t2' }] },
    volumePaths: ['/a', '/t', '/t2', '/v'],
    inherited: [
      { kind: 'volume', name: 'other', target: '/a', isReadOnly: false },
      { kind: 'bind', source: '/s', target: '/b', isReadOnly: true, createsSource: false },
    ],
  })
  assert.deepEqual(
    requests.map(it => [it.target, it.kind === 'volume' ? it.name : it.kind === 'bind' ? it.source : it.reference]),
    [
      ['/a', 'one'],
      ['/b', '/s'],
      ['/v', ''],
    ],
  )
  assert.throws(() => toMountRequests({ hostConfig: { Binds: ['xx:/a', 'yy:/a/'] }, volumePaths: [], inherited: [] }), {
    message: 'Duplicate mount point: /a',
  })
})
