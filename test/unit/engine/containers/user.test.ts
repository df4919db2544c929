import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readAccounts, resolveUser } from '../../../../engine/containers/user.ts'

const accounts = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/srv/web:/bin/sh\nbroken:x:-1:x::/:\n# no:x:1:1\n',
  group: 'root:x:0:\nweb:x:1000:\nextra:x:2000:other,web\ntty:x:5:\n',
}
const resolve = (text: string, groupAdd: readonly string[] = []) => resolveUser(text, groupAdd, accounts)

test('names, numbers and both, as Docker reads them', () => {
  assert.deepEqual(resolve(''), { uid: 0, gid: 0, additionalGids: [0], home: '/root' })
  assert.deepEqual(resolve('web'), { uid: 1000, gid: 1000, additionalGids: [1000, 2000], home: '/srv/web' })
  assert.deepEqual(resolve('web:tty'), { uid: 1000, gid: 5, additionalGids: [5], home: '/srv/web' })
  assert.deepEqual(resolve('1000', ['tty', '77']), {
    uid: 1000,
    gid: 1000,
    additionalGids: [1000, 2000, 5, 77],
    home: '/srv/web',
  })
  assert.deepEqual(resolve('4321'), { uid: 4321, gid: 0, additionalGids: [0], home: '/' })
  assert.deepEqual(resolve('4321:9'), { uid: 4321, gid: 9, additionalGids: [9], home: '/' })
})

test('nothing that setresuid would read as "stay root" gets through', () => {
  for (const text of ['-1', '4294967295', '4294967296', '1e3', '0x10', ' 5', 'nobody', 'broken']) {
    assert.throws(() => resolve(text), { code: 'INVALID_ARGUMENT' }, text)
  }
  assert.throws(() => resolve('0:-1'), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => resolve('0', ['nogroup']), { code: 'INVALID_ARGUMENT' })
})

const root = mkdtempSync(join(tmpdir(), 'berth-accounts-'))
after(() => rmSync(root, { recursive: true, force: true }))
const layer = (name: string, fill: (etc: string) => void): string => {
  mkdirSync(join(root, name, 'etc'), { recursive: true })
  fill(join(root, name, 'etc'))
  return join(root, name)
}

test('the upper-most layer that has the file wins', async () => {
  const below = layer('below', etc => writeFileSync(join(etc, 'passwd'), 'below'))
  const above = layer('above', etc => writeFileSync(join(etc, 'group'), 'above'))
  assert.deepEqual(await readAccounts([above, below]), { passwd: 'below', group: 'above' })
})

test('links are not followed and a FIFO does not hang: they hide what is below', async () => {
  const below = layer('real', etc => writeFileSync(join(etc, 'passwd'), 'real'))
  const linked = layer('linked', etc => symlinkSync('/etc/passwd', join(etc, 'passwd')))
  const fifo = layer('fifo', etc => execFileSync('mkfifo', [join(etc, 'passwd')]))
  assert.equal((await readAccounts([linked, below])).passwd, '')
  assert.equal((await readAccounts([fifo, below])).passwd, '')
  mkdirSync(join(root, 'outside'))
  symlinkSync('/etc', join(root, 'outside', 'etc'))
  assert.equal((await readAccounts([join(root, 'outside')])).passwd, '')
})
