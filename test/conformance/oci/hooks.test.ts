import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { onEachRuntime } from './runtimes.ts'

const kinds = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const

onEachRuntime('hooks', box => {
  const log = () => join(box.folder, 'hooks.log')
  /** One line: kind, its mount namespace, whether the host's files are seen, the state without its line ends. */
  const hook = (kind: string) => ({
    path: '/bin/sh',
    args: [
      'sh',
      '-c',
      `echo "${kind} $(readlink /proc/self/ns/mnt) $(test -e ${box.folder}/config.json && echo host) $(tr -d '\\n')" >> ${log()}`,
    ],
  })

  test('each at its place, in its namespaces, with the state on its standard input', () => {
    rmSync(log(), { force: true })
    box.start(['sleep', '1000'], config => {
      config.hooks = Object.fromEntries(kinds.map(kind => [kind, [hook(kind)]]))
      config.hooks.startContainer = [{ path: '/bin/sh', args: ['sh', '-c', 'cat > /tmp/start-container'] }]
    })
    const { pid } = box.state()
    const inside = JSON.parse(readFileSync(join(box.folder, 'rootfs/tmp/start-container'), 'utf8'))
    const start = (text: string) => JSON.parse(text.slice(text.indexOf('{')))
    assert.equal(inside.id, box.id)
    box.delete()
    const lines = readFileSync(log(), 'utf8').trim().split('\n')
    const [prestart = '', createRuntime = '', createContainer = '', poststart = '', poststop = ''] = lines
    assert.deepEqual(
      lines.map(line => line.split(' ')[0]),
      kinds.filter(kind => kind !== 'startContainer'),
    )
    assert.equal(start(prestart).pid, pid)
    assert.equal(start(createRuntime).bundle, box.folder)
    assert.equal(start(poststop).status, 'stopped')
    if (box.name !== 'runc') assert.equal(start(poststart).status, 'running')
    const namespace = (line: string) => line.split(' ')[1]
    assert.equal(namespace(prestart), namespace(createRuntime))
    assert.notEqual(namespace(createContainer), namespace(prestart), 'in the mount namespace of the container')
    assert.match(createContainer, / host \{/, 'where the files of the host are still seen')
  })

  test('a failing hook of create ends it and leaves nothing', () => {
    for (const kind of ['prestart', 'createRuntime', 'createContainer']) {
      box.bundle(['sleep', '1000'], config => {
        config.hooks = { [kind]: [{ path: '/bin/false' }] }
      })
      assert.notEqual(box.detached('create', '--bundle', box.folder, box.id).status, 0, kind)
      assert.notEqual(box.oci('state', box.id).status, 0, kind)
      assert.equal(existsSync(`/sys/fs/cgroup/memory/${box.id}`), false, kind)
    }
  })

  test('a hook that outlives its timeout is ended and has failed', () => {
    box.bundle(['sleep', '1000'], config => {
      config.hooks = { prestart: [{ path: '/bin/sleep', args: ['sleep', '60'], timeout: 1 }] }
    })
    const begin = Date.now()
    assert.notEqual(box.detached('create', '--bundle', box.folder, box.id).status, 0)
    assert.ok(Date.now() - begin < 20_000)
  })

  test('a failing poststart hook stops the container', () => {
    box.bundle(['sleep', '1000'], config => {
      config.hooks = { poststart: [{ path: '/bin/false' }] }
    })
    const created = box.detached('create', '--bundle', box.folder, box.id).status
    if (box.name === 'runc' && created !== 0) return // runs these hooks too early, at create
    assert.equal(created, 0)
    const { status } = box.oci('start', box.id)
    if (box.name === 'crun') return box.delete() // goes on, as versions of the specification before 1.2.1 say
    assert.notEqual(status, 0)
    assert.notEqual(box.state().status, 'running')
    box.delete()
  })

  test('the environment is the one that is given, or that of the runtime', () => {
    rmSync(log(), { force: true })
    const print = { path: '/bin/sh', args: ['sh', '-c', `echo "$A" >> ${log()}`] }
    box.bundle(['sh', '-c', 'exit 0'], config => {
      config.hooks = { prestart: [print, { ...print, env: ['A=given'] }] }
    })
    const options = { stdio: 'ignore', env: { ...process.env, A: 'inherited' } } as const
    assert.equal(box.run(options, 'run', '--bundle', box.folder, box.id).status, 0)
    assert.equal(readFileSync(log(), 'utf8'), 'inherited\ngiven\n')
  })

  if (box.name === 'berth')
    test('a hook may ask for its container', () => {
      rmSync(log(), { force: true })
      const ask = {
        path: '/bin/sh',
        args: ['sh', '-c', `${box.argv('state', box.id).join(' ')} | grep status >> ${log()}`],
      }
      box.start(['sleep', '1000'], config => {
        config.hooks = { createRuntime: [ask], poststart: [ask] }
      })
      box.delete()
      assert.match(readFileSync(log(), 'utf8'), /creating[\s\S]*running/)
    })
})
