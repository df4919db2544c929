import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { onEachRuntime } from './runtimes.ts'

const isV1 = !existsSync('/sys/fs/cgroup/cgroup.controllers')

onEachRuntime('update and events', box => {
  before(() =>
    box.start(['sh', '-c', 'while :; do sleep 1; done'], config => {
      config.linux.resources = { memory: { limit: 64 << 20 } }
    }),
  )
  after(() => box.delete())

  /** A limit as the kernel has it, in the file of either version. */
  function limit(controller: string, v1: string, v2: string): string {
    const folder = isV1 ? join('/sys/fs/cgroup', controller) : '/sys/fs/cgroup'
    return readFileSync(join(folder, box.id, isV1 ? v1 : v2), 'utf8').trim()
  }

  test('flags change what they name and nothing else', () => {
    const flags = ['--memory', String(96 << 20), '--cpu-quota', '50000', '--cpu-period', '100000', '--pids-limit', '77']
    assert.equal(box.oci('update', ...flags, box.id).status, 0)
    assert.equal(limit('memory', 'memory.limit_in_bytes', 'memory.max'), String(96 << 20))
    assert.match(limit('cpu', 'cpu.cfs_quota_us', 'cpu.max'), /^50000/)
    assert.equal(limit('pids', 'pids.max', 'pids.max'), '77')
    assert.equal(box.oci('update', '--pids-limit', '78', box.id).status, 0)
    assert.equal(limit('memory', 'memory.limit_in_bytes', 'memory.max'), String(96 << 20))
    assert.equal(limit('pids', 'pids.max', 'pids.max'), '78')
  })

  test('a document of resources, from a file or the standard input', () => {
    const file = join(box.folder, 'resources.json')
    writeFileSync(file, JSON.stringify({ memory: { limit: 80 << 20 } }))
    assert.equal(box.oci('update', '--resources', file, box.id).status, 0)
    assert.equal(limit('memory', 'memory.limit_in_bytes', 'memory.max'), String(80 << 20))
    if (box.name === 'crun') return // reads files alone
    const input = JSON.stringify({ pids: { limit: 42 } })
    assert.equal(box.run({ input, stdio: ['pipe', 'pipe', 'pipe'] }, 'update', '--resources', '-', box.id).status, 0)
    assert.equal(limit('pids', 'pids.max', 'pids.max'), '42')
  })

  test('values that are none are refused', () => {
    assert.notEqual(box.oci('update', '--memory', 'much', box.id).status, 0)
    assert.notEqual(box.oci('update', '--memory', '1', 'no-such-container').status, 0)
    assert.notEqual(box.oci('update', '--resources', '/no/such/file', box.id).status, 0)
  })

  if (box.name !== 'crun') {
    test('events --stats has the counters', () => {
      const { type, id, data } = JSON.parse(box.oci('events', '--stats', box.id).stdout)
      assert.equal(type, 'stats')
      assert.equal(id, box.id)
      assert.ok(data.cpu.usage.total > 0)
      assert.equal(data.memory.usage.limit, 80 << 20)
      assert.ok(data.memory.usage.usage > 0)
      assert.ok(data.pids.current >= 1)
      assert.equal(data.pids.limit, 42)
    })

    test('events goes on until the container ends', async () => {
      const [program, ...words] = box.argv('events', '--interval', '100ms', box.id)
      const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] })
      let count = 0
      for await (const line of createInterface(child.stdout)) {
        assert.equal(JSON.parse(line).type, 'stats')
        if (++count === 3) box.oci('kill', box.id, 'KILL')
      }
      assert.ok(count >= 3)
    })
  }
})

onEachRuntime('oom', box => {
  if (box.name === 'crun') return
  test('events tells of an OOM kill', async () => {
    box.start(['sh', '-c', 'while ! test -e /go; do sleep 0.1; done; x=a; while :; do x=$x$x; done'], config => {
      config.linux.resources = { memory: { limit: 16 << 20 } }
    })
    const [program, ...words] = box.argv('events', '--interval', '60s', box.id)
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] })
    const types: string[] = []
    for await (const line of createInterface(child.stdout)) {
      types.push(JSON.parse(line).type)
      if (types.length === 1) writeFileSync(join(box.folder, 'rootfs/go'), '')
      if (types.includes('oom')) child.kill()
    }
    assert.ok(types.includes('oom'), types.join())
    box.delete()
  })
})

onEachRuntime('features and spec', box => {
  test('features says what the specification asks for', () => {
    const features = JSON.parse(box.oci('features').stdout)
    assert.match(features.ociVersionMin, /^1\.0/)
    assert.ok(features.hooks.includes('createContainer'))
    for (const option of ['rro', 'rbind', 'tmpcopyup', 'nosymfollow'])
      assert.ok(features.mountOptions.includes(option), option)
    for (const type of ['pid', 'network', 'mount', 'ipc', 'uts', 'cgroup'])
      assert.ok(features.linux.namespaces.includes(type), type)
    assert.ok(features.linux.capabilities.includes('CAP_SYS_ADMIN'))
    assert.equal(features.linux.cgroup.v1, true)
    assert.ok(features.linux.seccomp.actions.includes('SCMP_ACT_ERRNO'))
  })

  test('spec writes a bundle that runs, and does not overwrite one', () => {
    const file = join(box.folder, 'config.json')
    rmSync(file, { force: true })
    assert.equal(box.oci('spec', '--bundle', box.folder).status, 0)
    const config = JSON.parse(readFileSync(file, 'utf8'))
    config.process.terminal = false
    config.process.args = ['sh', '-c', 'echo $TERM; id -u']
    config.process.env = ['PATH=/bin', 'TERM=xterm']
    writeFileSync(file, JSON.stringify(config))
    assert.equal(box.oci('run', '--bundle', box.folder, box.id).stdout, 'xterm\n0\n')
    assert.notEqual(box.oci('spec', '--bundle', box.folder).status, 0)
  })

  test('spec --rootless maps the caller into a user namespace', () => {
    rmSync(join(box.folder, 'config.json'), { force: true })
    assert.equal(box.oci('spec', '--rootless', '--bundle', box.folder).status, 0)
    const { linux, mounts } = JSON.parse(readFileSync(join(box.folder, 'config.json'), 'utf8'))
    assert.ok(linux.namespaces.some((space: { type: string }) => space.type === 'user'))
    assert.equal(linux.uidMappings[0].hostID, process.getuid?.())
    assert.ok(mounts.some((mount: { source: string }) => mount.source === '/sys'))
    assert.deepEqual(readdirSync(box.folder).includes('config.json'), true)
  })
})
