import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toChanges } from '../../../../engine/containers/changes.ts'

const shown = (records: readonly string[]): string[] =>
  toChanges(records).map(({ Path, Kind }) => `${'CAD'[Kind]} ${Path}`)

test('folders above a change are changed too, whatever they look like themselves', () => {
  assert.deepEqual(shown(['Svar', 'Svar/lib', 'Avar/lib/x', 'Dvar/lib/y']), [
    'C /var',
    'C /var/lib',
    'A /var/lib/x',
    'D /var/lib/y',
  ])
})

test('folders that are as before and have nothing in them are not told', () => {
  assert.deepEqual(shown(['Svar', 'Svar/lib']), [])
})

test('what a start makes to mount something at is nobody’s change', () => {
  assert.deepEqual(shown(['Adev', 'Cetc', 'Aetc/hosts', 'Aetc/hostname', 'Aproc']), [])
  assert.deepEqual(shown(['Cetc', 'Aetc/hosts', 'Aetc/mine']), ['C /etc', 'A /etc/mine'])
  assert.deepEqual(shown(['Cetc', 'Detc/hosts']), ['C /etc', 'D /etc/hosts'])
})
