import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { StoredImage } from '../../../../engine/images/catalog.ts'
import { ImageTable } from '../../../../engine/images/image-table.ts'

const image = (id: string, manifestDigest: string) => ({ id, manifestDigest }) as StoredImage
const [loaded, pulled, other] = [image('a', 'm1'), image('a', 'm2'), image('b', 'm3')]
const digests = (images: readonly StoredImage[]) => images.map(({ manifestDigest }) => manifestDigest).sort()

let table: ImageTable
beforeEach(() => {
  table = new ImageTable()
})

test('an image that came in two ways is one image, and each name keeps the manifest that it came with', () => {
  table.put(loaded, ['x:1'], '1')
  table.put(pulled, ['r/x:1', 'r/x@m2'], '2')
  assert.equal(table.list().length, 1)
  assert.deepEqual(table.names('a'), ['r/x:1', 'r/x@m2', 'x:1'])
  assert.equal(table.findByName('x:1'), loaded)
  assert.equal(table.findByName('r/x:1'), pulled)
  assert.equal(table.findByManifest('m1'), loaded)
  assert.deepEqual(digests(table.manifests()), ['m1', 'm2'])
})

test('a manifest goes with its last name, the image’s only one stays', () => {
  table.put(loaded, ['x:1'], '1')
  table.put(pulled, ['r/x:1'], '2')
  table.untag('r/x:1')
  assert.deepEqual(digests(table.manifests()), ['m1'])
  assert.equal(table.get('a'), loaded)
  table.untag('x:1')
  assert.deepEqual(digests(table.manifests()), ['m1'], 'an image without a name')
  table.put(pulled, [], '3')
  assert.deepEqual(digests(table.manifests()), ['m2'], 'what came last')
})

test('a name that another image takes is taken with its manifest', () => {
  table.put(loaded, ['x:1'], '1')
  table.put(pulled, ['r/x:1'], '2')
  table.put(other, ['r/x:1'], '3')
  assert.deepEqual(digests(table.manifests()), ['m1', 'm3'])
  assert.deepEqual(table.names('a'), ['x:1'])
  table.put(other, ['x:1'], '4')
  assert.deepEqual(digests(table.manifests()), ['m1', 'm3'])
  table.remove('a')
  assert.deepEqual(digests(table.manifests()), ['m3'])
  assert.equal(table.get('a'), undefined)
})

test('a hidden image is kept with one manifest and shown to nobody, until it comes again', () => {
  table.put(loaded, ['x:1'], '1')
  table.put(pulled, ['r/x:1'], '2')
  table.hide('a')
  assert.deepEqual([table.list(), table.names('a'), table.findByManifest('m2')], [[], [], undefined])
  assert.deepEqual([digests(table.manifests()), table.isHidden('a')], [['m2'], true])
  table.put(loaded, ['x:1'], '3')
  assert.deepEqual([digests(table.manifests()), table.isHidden('a')], [['m1'], false])
})
