import assert from 'node:assert/strict'
import { test } from 'node:test'
import { psColumns } from '../../../../engine/containers/ps-options.ts'

const names = (text: string): string =>
  psColumns(text)
    .map(({ name, title }) => (title === undefined ? name : `${name}=${title}`))
    .join(' ')

test('options of ps, dashed and BSD, choose columns', () => {
  const full = 'uid pid ppid c stime tty time cmd'
  for (const text of ['', '-ef', '-eaf', '-e -f', '-f']) assert.equal(names(text), full, text)
  const user = 'user pid pcpu pmem vsz rss tty stat start bsdtime command'
  for (const text of ['aux', '-aux', 'waux', 'auxww']) assert.equal(names(text), user, text)
  for (const text of ['-A', '-e']) assert.equal(names(text), 'pid tty time cmd', text)
  for (const text of ['a', 'ax']) assert.equal(names(text), 'pid tty stat bsdtime command', text)
})

test('columns by name; the pid is always there', () => {
  assert.equal(names('-o pid,comm'), 'pid comm')
  assert.equal(names('-eo ppid,CMD'), 'pid ppid cmd')
  assert.equal(names('axo pid,cmd'), 'pid cmd')
  assert.equal(names('ax -o pid -o stat'), 'pid stat')
  assert.equal(names('-opid,args=WHAT,EVER'), 'pid args=WHAT,EVER')
  assert.equal(names('-e --format pid,user'), 'pid user')
})

test('what chooses other processes, or nothing, is refused', () => {
  for (const text of ['bogus', '-C sleep', '-o', '--sort=pid', '-p 1'])
    assert.throws(() => psColumns(text), { code: 'INVALID_ARGUMENT' }, text)
})
