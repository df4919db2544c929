import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createForVersion } from '../../../../engine/routes/create-for-version.ts'
import type { ContainerCreateRequest } from '../../../../schemas/api/container-create.ts'

const bind = { Type: 'bind', Source: '/s', Target: '/t', ReadOnly: true }
const at = (
  minor: number,
  request: ContainerCreateRequest = { HostConfig: { Annotations: { a: 'b' }, Mounts: [bind] } },
) => createForVersion(request, { major: 1, minor }).HostConfig

test('clients of an older API get what it meant then', () => {
  assert.deepEqual(at(44), { Annotations: { a: 'b' }, Mounts: [bind] })
  const flat = [{ ...bind, BindOptions: { ReadOnlyNonRecursive: true } }]
  assert.deepEqual(at(43), { Annotations: { a: 'b' }, Mounts: flat })
  assert.deepEqual(at(42)?.Annotations, undefined)
  assert.equal(at(40)?.IpcMode, undefined)
  assert.equal(at(39)?.IpcMode, 'shareable')
  assert.equal(at(39, { HostConfig: { IpcMode: 'private' } })?.IpcMode, 'private')
  assert.equal(at(39, {})?.IpcMode, 'shareable')
})
