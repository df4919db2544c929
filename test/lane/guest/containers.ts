import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ExecInspect } from '../../../schemas/api/exec.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const MiB = 1024 * 1024
const offline = { NetworkMode: 'none' }
const EATER = 'import time; b = bytearray(300 << 20); time.sleep(1000)'
let daemon: TestDaemon

before(async () => {
  daemon = await TestDaemon.start()
})
after(async () => {
  await daemon[Symbol.asyncDispose]()
})

const cgroup = (id: string) => join('/sys/fs/cgroup', daemon.instance, id)
const value = (id: string, file: string) => readFileSync(join(cgroup(id), file), 'utf8').trim()

test('cgroup v2 is all there is', () => {
  assert.ok(existsSync('/sys/fs/cgroup/cgroup.controllers'))
})

test('limits of memory, processor and processes reach the kernel', async () => {
  const id = await daemon.run('limits', ['sleep', '1000'], {
    HostConfig: { ...offline, Memory: 64 * MiB, NanoCpus: 500_000_000, PidsLimit: 20 },
  })
  assert.equal(value(id, 'memory.max'), String(64 * MiB))
  assert.equal(value(id, 'cpu.max'), '50000 100000')
  assert.equal(value(id, 'pids.max'), '20')
  await remove(id)
})

test('the limit of processes is enforced', async () => {
  const id = await daemon.run('forks', ['sh', '-c', '(for i in 1 2 3 4 5 6; do sleep 1000 & done) & exec sleep 1000'], {
    HostConfig: { ...offline, PidsLimit: 4 },
  })
  await eventually('refused forks', () => /max [1-9]/.test(value(id, 'pids.events')))
  assert.ok(Number(value(id, 'pids.current')) <= 4)
  await remove(id)
})

for (const [who, command] of [
  ['the main process', ['python3', '-c', EATER]],
  ['a child', ['sh', '-c', `python3 -c '${EATER}'; sleep 1000`]],
] as const)
  test(`out of memory in ${who}: killed, told, restarted by the policy`, async () => {
    const id = await daemon.run('eater', command, {
      HostConfig: {
        ...offline,
        Memory: 48 * MiB,
        MemorySwap: 48 * MiB,
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 },
      },
    })
    const { State, RestartCount } = await eventually(
      'its end after one restart',
      async () => {
        const it = await daemon.inspect(id)
        return it.State.Status === 'exited' && it
      },
      30_000,
    )
    assert.deepEqual([State.OOMKilled, State.ExitCode, RestartCount], [true, 137, 1])
    await remove(id)
  })

test('pause, resume, exec and stop', async () => {
  const id = await daemon.run('life', ['sleep', '1000'], { HostConfig: { ...offline, Init: true } })
  await daemon.call('POST', `/containers/${id}/pause`)
  assert.match(value(id, 'cgroup.events'), /frozen 1/)
  await daemon.call('POST', `/containers/${id}/unpause`)
  assert.match(value(id, 'cgroup.events'), /frozen 0/)
  const { Id } = await daemon.call<{ Id: string }>('POST', `/containers/${id}/exec`, { Cmd: ['sh', '-c', 'exit 7'] })
  await daemon.call('POST', `/exec/${Id}/start`, { Detach: true })
  await eventually('the exec', async () => (await daemon.call<ExecInspect>('GET', `/exec/${Id}/json`)).ExitCode === 7)
  await daemon.call('POST', `/containers/${id}/stop?t=5`)
  assert.equal((await daemon.inspect(id)).State.ExitCode, 143)
  await remove(id)
})

test('without nftables, a port is published by copying, and the log says so', async () => {
  const id = await daemon.run('web', ['python3', '-m', 'http.server', '80', '--directory', '/usr/share/doc'], {
    ExposedPorts: { '80/tcp': {} },
    HostConfig: { Init: true, PortBindings: { '80/tcp': [{ HostPort: '18080' }] } },
  })
  await eventually('the warning', () => daemon.log().includes('no nf_tables: published ports are relayed by copying'))
  // Each try has its own end: a connection that was closed before the server listened must not keep the next one waiting.
  const ask = () => fetch('http://127.0.0.1:18080/', { signal: AbortSignal.timeout(2_000) })
  await eventually('an answer', async () => (await ask()).status === 200)
  await remove(id)
  assert.deepEqual(
    readdirSync('/sys/class/net').filter(name => name.startsWith('veth')),
    [],
  )
})

async function remove(id: string): Promise<void> {
  await daemon.call('DELETE', `/containers/${id}?force=1`)
  await eventually('no cgroup left', () => !existsSync(cgroup(id)))
  assert.ok(!readdirSync('/proc').some(pid => /^\d+$/.test(pid) && isIn(pid, id)), 'a process is left')
}

function isIn(pid: string, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)
  } catch {
    return false
  }
}
