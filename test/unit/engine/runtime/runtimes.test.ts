import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseOptions } from '../../../../engine/options.ts'
import { Runtimes } from '../../../../engine/runtime/runtimes.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-runtimes-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function settingsOf(file: object, ...flags: readonly string[]) {
  const path = join(folder, 'daemon.json')
  writeFileSync(path, JSON.stringify(file))
  const options = parseOptions(['--config-file', path, ...flags], {})
  assert.ok(typeof options === 'object')
  return options.runtimes
}

test('the file and the flags together', () => {
  const file = { runtimes: { crun: { path: '/usr/bin/crun', runtimeArgs: ['--debug'] } }, 'default-runtime': 'crun' }
  assert.deepEqual(settingsOf(file, '--add-runtime', ' youki = /opt/youki '), {
    others: { crun: { path: '/usr/bin/crun', runtimeArgs: ['--debug'] }, youki: { path: '/opt/youki' } },
    defaultName: 'crun',
  })
  assert.equal(settingsOf(file, '--default-runtime', 'berth').defaultName, 'berth')
  assert.deepEqual(settingsOf({}), { others: {}, defaultName: 'berth' })
})

test('what dockerd refuses', () => {
  assert.throws(() => settingsOf({}, '--add-runtime', 'crun'), /invalid runtime argument: crun/)
  const twice = { runtimes: { a: { path: '/a' } } }
  assert.throws(() => settingsOf(twice, '--add-runtime', 'a=/b'), /runtime 'a' was already defined/)
  assert.throws(() => settingsOf({ runtimes: { berth: { path: '/b' } } }), /runtime name 'berth' is reserved/)
  assert.throws(() => settingsOf({ runtimes: { kata: { runtimeType: 'io.containerd.kata.v2' } } }), /runtimes\.kata/)
})

test('cgroup drivers', () => {
  settingsOf({ 'exec-opts': ['native.cgroupdriver=cgroupfs'] }, '--exec-opt', 'native.cgroupdriver=cgroupfs')
  const systemd = 'native.cgroupdriver=systemd'
  assert.throws(() => settingsOf({ 'exec-opts': [systemd] }), /the systemd cgroup driver is not there yet/)
  assert.throws(() => settingsOf({}, '--exec-opt', systemd), /the systemd cgroup driver is not there yet/)
  assert.throws(() => settingsOf({}, '--exec-opt', 'native.cgroupdriver=x'), /invalid native\.cgroupdriver "x"/)
  assert.throws(() => settingsOf({}, '--exec-opt', 'x=y'), /unknown option "x=y"/)
})

test('programs are found at the start, names at every create', () => {
  const program = join(folder, 'other')
  writeFileSync(program, '#!/bin/sh\n')
  const others = { other: { path: 'other', runtimeArgs: ['--x'] } }
  assert.throws(() => new Runtimes({ others, defaultName: 'berth' }, folder), /runtime other: other is not a program/)
  chmodSync(program, 0o755)
  const runtimes = new Runtimes({ others, defaultName: 'other' }, `/nowhere:${folder}`)
  assert.deepEqual(runtimes.find('other'), { path: program, arguments: ['--x'] })
  for (const own of ['berth', 'runc', 'io.containerd.runc.v2']) assert.equal(runtimes.find(own), undefined)
  assert.throws(() => runtimes.find('nope'), /^BerthError: unknown or invalid runtime name: nope$/)
  assert.throws(
    () => new Runtimes({ others: {}, defaultName: 'nope' }, folder),
    /specified default runtime 'nope' does not exist/,
  )
})
