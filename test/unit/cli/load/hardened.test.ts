import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hardened } from '../../../../cli/model/hardened.ts'

const plain = { capDrop: [], securityOpt: [], readOnly: false, usernsMode: undefined }

test('x-hardened takes what is not asked for by name', () => {
  assert.deepEqual(hardened(plain), {
    capDrop: ['ALL'],
    securityOpt: ['no-new-privileges:true'],
    readOnly: true,
    usernsMode: 'auto',
  })
})

test('x-hardened keeps other security options and a user namespace that is named, and no weaker word', () => {
  const service = { ...plain, securityOpt: ['no-new-privileges:false', 'seccomp=unconfined'], usernsMode: 'host' }
  const { securityOpt, usernsMode } = hardened(service)
  assert.deepEqual(securityOpt, ['seccomp=unconfined', 'no-new-privileges:true'])
  assert.equal(usernsMode, 'host')
})
