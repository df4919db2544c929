import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArchivePath, toGoMode, toPathStat } from '../../../../engine/containers/path-stat.ts'

test('paths of the archive calls are taken apart as dockerd does', () => {
  const shown = (text: string) => Object.values(parseArchivePath(text))
  assert.deepEqual(shown('/etc'), ['/etc', false, 'etc'])
  assert.deepEqual(shown('etc/'), ['/etc', true, 'etc'])
  assert.deepEqual(shown('/etc/.'), ['/etc', true, '.'])
  assert.deepEqual(shown('/a/../../b'), ['/b', false, 'b'])
  assert.deepEqual(shown('/'), ['/', true, '/'])
  assert.deepEqual(shown('.'), ['/', true, '.'])
})

test('modes are those of Go', () => {
  assert.equal(toGoMode(0o100644), 0o644)
  assert.equal(toGoMode(0o040755), 2147484141)
  assert.equal(toGoMode(0o120777), 134218239)
  assert.equal(toGoMode(0o104755), 2 ** 23 + 0o755)
  assert.equal(toGoMode(0o020666), 2 ** 26 + 2 ** 21 + 0o666)
})

test('times have as many digits as they need', () => {
  const status = { mode: 0, size: 0, modifiedSeconds: 1_700_000_000, target: '' }
  assert.equal(toPathStat('x', { ...status, modifiedNanoseconds: 0 }).mtime, '2023-11-14T22:13:20Z')
  assert.equal(toPathStat('x', { ...status, modifiedNanoseconds: 1_500_000 }).mtime, '2023-11-14T22:13:20.0015Z')
})
