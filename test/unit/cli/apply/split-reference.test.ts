import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitReference } from '../../../../cli/apply/ops.ts'

test('a reference is split at its tag or digest, never at the port of its registry', () => {
  assert.deepEqual(splitReference('redis'), { fromImage: 'redis', tag: 'latest' })
  assert.deepEqual(splitReference('localhost:5000/shop/web'), { fromImage: 'localhost:5000/shop/web', tag: 'latest' })
  assert.deepEqual(splitReference('localhost:5000/shop/web:2'), { fromImage: 'localhost:5000/shop/web', tag: '2' })
  assert.deepEqual(splitReference('a/b:1@sha256:ff'), { fromImage: 'a/b:1', tag: 'sha256:ff' })
})
