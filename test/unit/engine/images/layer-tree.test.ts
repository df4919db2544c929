import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTrees, type LayerEntry, stackLayers } from '../../../../engine/images/layer-tree.ts'

const entry = (path: string, more: Partial<LayerEntry> = {}): LayerEntry => ({
  path,
  type: 'file',
  size: 10,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1,
  target: '',
  ...more,
})
const folder = (path: string) => entry(path, { type: 'directory', size: 0 })

test('what layers add, change, remove and waste', () => {
  const { tree, counts, wasted } = stackLayers([
    [folder('a'), entry('a/x'), entry('a/y', { size: 5 }), folder('b'), entry('b/z'), entry('c')],
    [folder('a'), entry('a/x', { size: 20 }), entry('b', { size: 0, hides: 'removed' })],
    // A whiteout is about lower layers, also when the layer itself has something at its place.
    [entry('a/new'), entry('a', { size: 0, hides: 'opaque' }), entry('c', { type: 'symlink', size: 0, target: 'a' })],
  ])
  assert.deepEqual([...tree.keys()].sort(), ['a', 'a/new', 'c'])
  assert.deepEqual(counts, [
    { size: 35, added: 6, changed: 0, removed: 0, wasted: 35 },
    { size: 20, added: 0, changed: 1, removed: 2, wasted: 20 },
    { size: 10, added: 1, changed: 1, removed: 2, wasted: 0 },
  ])
  assert.deepEqual(wasted[0], { Path: '/a/x', Size: 20, Layer: 2, HiddenBy: 3, Why: 'removed' })
  assert.deepEqual(
    wasted
      .filter(({ Path }) => Path === '/a/x' || Path === '/c')
      .map(({ Layer, HiddenBy, Why }) => [Layer, HiddenBy, Why]),
    [
      [2, 3, 'removed'],
      [1, 2, 'replaced'],
      [1, 3, 'replaced'],
    ],
  )
})

test('how two trees differ', () => {
  const before = stackLayers([[folder('d'), entry('d/gone'), entry('same'), entry('mode'), entry('kind')]]).tree
  const after = stackLayers([
    [
      entry('d/new'),
      folder('d'),
      entry('same', { mtime: 1 }),
      entry('mode', { mode: 0o4755, uid: 5 }),
      entry('kind', { type: 'symlink', size: 0, target: 'x' }),
    ],
  ]).tree
  assert.deepEqual(compareTrees(before, after), [
    { Kind: 'D', Path: '/d/gone', Size: 10, What: [] },
    { Kind: 'A', Path: '/d/new', Size: 10, What: [] },
    { Kind: 'C', Path: '/kind', Size: 0, What: ['type'] },
    { Kind: 'C', Path: '/mode', Size: 10, What: ['mode', 'owner'] },
  ])
  assert.deepEqual(compareTrees(after, after), [])
})
