import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlace } from '../../../../cli/copy/place.ts'
import { baseName, landing } from '../../../../cli/copy/target-path.ts'

const folder = { isFolder: true }
const file = { isFolder: false }

test('places: a service with its path, a path here, a stream', () => {
  assert.deepEqual(parsePlace('web:/etc/hosts'), { kind: 'container', name: 'web', path: '/etc/hosts' })
  assert.deepEqual(parsePlace('web:etc'), { kind: 'container', name: 'web', path: '/etc' })
  assert.deepEqual(parsePlace('./a:b'), { kind: 'local', path: './a:b' })
  assert.deepEqual(parsePlace('/a:b'), { kind: 'local', path: '/a:b' })
  assert.deepEqual(parsePlace('plain'), { kind: 'local', path: 'plain' })
  assert.deepEqual(parsePlace('-'), { kind: 'stream' })
})

/** The table of docker cp's documentation. */
test('where a copy lands', () => {
  const cases = [
    [
      { path: 'a.txt', isFolder: false },
      { path: '/tmp', found: folder },
      { folder: '/tmp', name: 'a.txt' },
    ],
    [
      { path: 'a.txt', isFolder: false },
      { path: '/tmp/b.txt', found: undefined },
      { folder: '/tmp', name: 'b.txt' },
    ],
    [
      { path: 'a.txt', isFolder: false },
      { path: '/tmp/b.txt', found: file },
      { folder: '/tmp', name: 'b.txt' },
    ],
    [
      { path: 'dir', isFolder: true },
      { path: '/tmp', found: folder },
      { folder: '/tmp', name: 'dir' },
    ],
    [
      { path: 'dir/', isFolder: true },
      { path: '/tmp/', found: folder },
      { folder: '/tmp', name: 'dir' },
    ],
    [
      { path: 'dir/.', isFolder: true },
      { path: '/tmp', found: folder },
      { folder: '/tmp', name: undefined },
    ],
    [
      { path: 'dir', isFolder: true },
      { path: '/new', found: undefined },
      { folder: '/', name: 'new' },
    ],
    [
      { path: 'dir/.', isFolder: true },
      { path: '/srv/new', found: undefined },
      { folder: '/srv', name: 'new' },
    ],
    [
      { path: 'dir', isFolder: true },
      { path: '/new/', found: undefined },
      { folder: '/', name: 'new' },
    ],
  ] as const
  for (const [source, destination, expected] of cases) assert.deepEqual(landing(source, destination), expected)
})

test('copies that cannot be are refused with what to do', () => {
  assert.throws(() => landing({ path: 'dir', isFolder: true }, { path: '/f', found: file }), {
    message: 'cannot copy a folder onto the file /f',
  })
  assert.throws(() => landing({ path: 'a', isFolder: false }, { path: '/new/', found: undefined }), {
    message: 'the folder /new/ does not exist',
  })
})

test('the last name of a path', () => {
  assert.deepEqual(['/', 'a', '/a/b', '/a/b/', '/a/b/.', './'].map(baseName), ['/', 'a', 'b', 'b', 'b', '.'])
})
