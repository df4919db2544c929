import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { onEachRuntime } from './runtimes.ts'

onEachRuntime('lifecycle', box => {
  test('run gives the exit code of the program and leaves nothing', () => {
    box.bundle(['sh', '-c', 'exit 7'])
    assert.equal(box.oci('run', '--bundle', box.folder, box.id).status, 7)
    assert.notEqual(box.oci('state', box.id).status, 0)
  })

  test('run of a program that is not there fails', () => {
    box.bundle(['no-such-program'])
    const { status, stderr } = box.oci('run', '--bundle', box.folder, box.id)
    assert.notEqual(status, 0)
    assert.match(stderr, /not found/)
  })

  test('create, start, exec, kill, delete', () => {
    box.bundle(['sleep', '1000'])
    assert.equal(box.detached('create', '--bundle', box.folder, box.id).status, 0)
    assert.equal(box.state().status, 'created')
    assert.notEqual(box.detached('create', '--bundle', box.folder, box.id).status, 0, 'the id is taken')
    if (box.name === 'berth')
      assert.match(box.oci('delete', box.id).stderr, /created/, 'a created container is not deleted without --force')
    assert.equal(box.oci('start', box.id).status, 0)
    assert.equal(box.state().status, 'running')
    assert.notEqual(box.oci('start', box.id).status, 0, 'it was started')
    assert.notEqual(box.oci('delete', box.id).status, 0, 'it runs')
    assert.equal(box.oci('kill', box.id, 'KILL').status, 0)
    assert.equal(box.oci('delete', '--force', box.id).status, 0)
    assert.notEqual(box.oci('state', box.id).status, 0)
    assert.equal(box.oci('delete', '--force', box.id).status, 0, 'with --force what is gone is deleted')
  })

  test('the state has what the specification names, and the annotations of the bundle', () => {
    box.start(['sleep', '1000'], config => {
      config.annotations = { 'org.example.a': 'b' }
    })
    const state = box.state()
    assert.equal(state['id'], box.id)
    assert.equal(state['bundle'], box.folder)
    assert.match(String(state['ociVersion']), /^1\./)
    assert.deepEqual(state['annotations'], { 'org.example.a': 'b' })
    assert.ok(state.pid > 1)
    box.delete()
  })

  test('ids that are none, bundles without a configuration and unknown options are refused and leave nothing', () => {
    box.bundle(['sleep', '1000'])
    for (const id of ['a/b', '..', '', 'a b'])
      assert.notEqual(box.detached('create', '--bundle', box.folder, id).status, 0)
    const empty = join(box.folder, 'empty')
    mkdirSync(empty)
    assert.notEqual(box.detached('create', '--bundle', empty, box.id).status, 0)
    assert.notEqual(box.oci('run', '--no-such-option', '--bundle', box.folder, box.id).status, 0)
    assert.notEqual(box.oci('state', box.id).status, 0)
  })

  test('list, ps, pause and resume', () => {
    box.start(['sleep', '1000'])
    assert.match(box.oci('list', '-q').stdout, new RegExp(`^${box.id}$`, 'm'))
    const [listed] = JSON.parse(box.oci('list', '--format', 'json').stdout)
    assert.equal(listed.id, box.id)
    assert.equal(listed.status, 'running')
    assert.match(box.oci('list').stdout, /^ID +PID +STATUS +BUNDLE +CREATED +OWNER/)
    assert.deepEqual(JSON.parse(box.oci('ps', '--format', 'json', box.id).stdout), [box.state().pid])
    assert.equal(box.oci('pause', box.id).status, 0)
    assert.equal(box.state().status, 'paused')
    assert.equal(box.oci('resume', box.id).status, 0)
    assert.equal(box.state().status, 'running')
    box.delete()
  })

  test('kill --all reaches every process of the container', () => {
    box.start(['sh', '-c', 'sleep 1000 & exec sleep 1000'], config => {
      config.linux.namespaces = config.linux.namespaces.filter((space: { type: string }) => space.type !== 'pid')
    })
    assert.equal(box.oci('kill', '--all', box.id, 'KILL').status, 0)
    box.delete()
  })

  test('fds that --preserve-fds names stay open, no other does', () => {
    const file = join(box.folder, 'preserved')
    writeFileSync(file, 'x')
    const script = '"$@" 3</dev/null 4</dev/null 5</dev/null'
    for (const [count, highest] of [
      [2, '4'],
      [0, '2'],
    ] as const) {
      box.bundle(['sh', '-c', 'ls /proc/1/fd; :'])
      const run = box.argv('run', `--preserve-fds=${count}`, '--bundle', box.folder, box.id)
      const fds = box.shell(script, run).split('\n').filter(Boolean)
      assert.equal(fds.filter(fd => Number(fd) > Number(highest) && Number(fd) < 10).join(), '', fds.join())
      assert.ok(fds.includes(highest), fds.join())
    }
  })

  if (box.name === 'berth')
    test('a folder of a container without its state is deleted by force', () => {
      mkdirSync(join(box.folder, 'state', box.id), { recursive: true })
      assert.match(box.oci('delete', box.id).stderr, /--force/)
      assert.equal(box.oci('delete', '--force', box.id).status, 0)
      assert.deepEqual(readdirSync(join(box.folder, 'state')), [])
    })
})
