import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseShortMount } from '../../../../cli/load/canonical/mounts.ts'
import { parseShortPort } from '../../../../cli/load/canonical/ports.ts'
import { splitShellWords } from '../../../../cli/load/canonical/shell-words.ts'
import { didYouMean, nearestName } from '../../../../cli/load/validate/nearest-name.ts'
import { plainScalar, TIMESTAMP } from '../../../../cli/load/yaml/plain-scalar.ts'

test('a short port may hold an IPv6 address, a range and a protocol', () => {
  assert.deepEqual(parseShortPort('[::1]:8000-8001:80-81/UDP'), {
    ok: true,
    hostIp: '::1',
    published: { first: 8000, last: 8001 },
    target: { first: 80, last: 81 },
    protocol: 'udp',
  })
  for (const text of ['', ':80:', 'x', '80/udp/tcp', '9-8', '65536', '1.2.3:1:2', '80:']) {
    assert.equal(parseShortPort(text).ok, false, text)
  }
})

test('a short mount is source, target and options', () => {
  assert.deepEqual(parseShortMount('./a:/b:ro,z'), { ok: true, source: './a', target: '/b', options: ['ro', 'z'] })
  assert.deepEqual(parseShortMount('v:/v'), { ok: true, source: '', target: 'v:/v', options: [] })
  assert.deepEqual(parseShortMount('c:/x:/w'), { ok: true, source: 'c:/x', target: '/w', options: [] })
  for (const text of ['', 'aa::/b', 'aa:/b:', 'aa:/b:ro:x']) assert.equal(parseShortMount(text).ok, false, text)
})

test('command lines are split like go-shellwords does', () => {
  const words = (line: string) => {
    const result = splitShellWords(line)
    return result.ok ? [...result.words, ...(result.lost === '' ? [] : [`lost ${result.lost}`])] : result.message
  }
  assert.deepEqual(words(`a "b c" 'd \\n' e\\ f "" g\\"h`), ['a', 'b c', 'd \\n', 'e f', '', 'g"h'])
  assert.deepEqual(words('echo a && b'), ['echo', 'a', 'lost && b'])
  assert.deepEqual(words('echo $(date +%s) `x y`'), ['echo', '$(date +%s)', '`x y`'])
  assert.deepEqual(words('run 2> log'), ['run', 'lost > log'])
  assert.match(String(words('echo "a')), /never closed/)
  assert.match(String(words('a (b)')), /unquoted/)
})

test('the nearest name is near, or there is none', () => {
  assert.equal(nearestName('imagee', ['image', 'init']), 'image')
  assert.equal(nearestName('enviroment', ['environment', 'env_file']), 'environment')
  assert.equal(nearestName('env-file', ['environment', 'env_file']), 'env_file')
  assert.equal(nearestName('prots', ['ports', 'profiles']), 'ports')
  assert.equal(didYouMean('banana', ['image', 'ports']), undefined)
})

test('plain scalars are what go-yaml v3 makes of them', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['yes', 'yes'],
    ['010', 8],
    ['0o10', 8],
    ['0x1F', 31],
    ['0b11', 3],
    ['-0x1f', -31],
    ['1_000', 1000],
    ['09', 9],
    ['1.10', 1.1],
    ['1e3', 1000],
    ['.5', 0.5],
    ['22:22', '22:22'],
    ['1.2.3', '1.2.3'],
    ['-', '-'],
    ['~', null],
    ['', null],
    ['True', true],
    ['tRue', 'tRue'],
    ['12345678901234567890', 12345678901234567890n],
    ['2024-01-02', TIMESTAMP],
    ['2024-01-02T03:04:05Z', TIMESTAMP],
    ['2024-1', '2024-1'],
  ]
  for (const [text, value] of cases) assert.equal(plainScalar(text), value, text)
})
