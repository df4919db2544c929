import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { TestDaemon } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { ownState } from '../support/leaks.ts'

/** A container takes all of something that it shares with the host. It alone suffers, the daemon answers, and its removal gives everything back. */
describe('resources', () => {
  let daemon: TestDaemon
  let bystander: string
  before(async () => {
    daemon = await TestDaemon.start()
    bystander = await daemon.run('bystander', ['sleep', '1000'], { HostConfig: { Init: true } })
  })
  after(() => daemon[Symbol.asyncDispose]())

  const start = (name: string, script: string, hostConfig: object = {}) =>
    daemon.run(name, ['sh', '-c', script], { HostConfig: hostConfig })
  const remove = (id: string) => daemon.call('DELETE', `/containers/${id}?force=1`)
  const held = () => ownState(daemon.instance)

  /** Runs `attack`; the other container is as before, and nothing is left. */
  async function survives(attack: () => Promise<void>): Promise<void> {
    const [earlier, { State }] = [held(), await daemon.inspect(bystander)]
    try {
      await attack()
    } finally {
      const all = await daemon.call<readonly ContainerSummary[]>('GET', '/containers/json?all=1')
      await Promise.all(all.filter(it => it.Id !== bystander).map(it => remove(it.Id)))
    }
    assert.equal((await daemon.request('GET', '/_ping')).status, 200)
    const now = await daemon.inspect(bystander)
    assert.deepEqual([now.State.Pid, now.State.StartedAt], [State.Pid, State.StartedAt])
    await eventually('mounts and cgroups as before', () => isDeepStrictEqual(held(), earlier))
  }

  const pidsFile = (file: string) =>
    ['pids/', ''].map(at => `/sys/fs/cgroup/${at}${daemon.instance}/${file}`).find(path => existsSync(path)) ?? ''
  const numberIn = (path: string) => Number(readFileSync(path, 'utf8'))

  test('all containers together leave a tenth of the processes to the host', { skip: !hasPids() }, () => {
    const all = Math.min(numberIn('/proc/sys/kernel/pid_max'), numberIn('/proc/sys/kernel/threads-max'))
    assert.equal(numberIn(pidsFile('pids.max')), all - Math.floor(all / 10))
  })

  // A shell would end where it cannot fork, and be below the bound again.
  const bomb = `
import os, time
try:
    while os.fork(): pass
except OSError: pass
time.sleep(1000)`

  test('a fork bomb without a limit stops at that bound', { skip: !hasPids() }, () =>
    survives(async () => {
      const usual = readFileSync(pidsFile('pids.max'), 'utf8')
      // The same bound, lower: a machine that tests share is not to be filled.
      const low = numberIn(pidsFile('pids.current')) + 60
      writeFileSync(pidsFile('pids.max'), String(low))
      try {
        const id = await daemon.run('bomb', ['python3', '-c', bomb])
        await eventually('the bound', () => numberIn(pidsFile('pids.current')) >= low)
        assert.equal(spawnSync('/bin/true').status, 0, 'the host forks')
        await remove(id)
        assert.ok(numberIn(pidsFile('pids.current')) < low)
      } finally {
        writeFileSync(pidsFile('pids.max'), usual)
      }
    }),
  )

  test('hundreds of zombies that nobody reaps', () =>
    survives(async () => {
      const script = 'import os, time; [os.fork() or os._exit(0) for _ in range(200)]; time.sleep(1000)'
      const id = await daemon.run('zombies', ['python3', '-c', script])
      const { Pid } = (await daemon.inspect(id)).State
      await eventually('all of them', () => childrenOf(Pid) === 200, 30_000)
      await remove(id)
    }))

  test('five that take more memory than they have, at once', () =>
    survives(async () => {
      const limits = { Memory: 16 << 20, MemorySwap: 16 << 20 }
      const hogs = await Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          start(`hog${index}`, 'head -c 100m /dev/zero | tail >/dev/null; exit 9', limits),
        ),
      )
      for (const id of hogs) {
        const { State } = await daemon.ended(id)
        assert.deepEqual([State.OOMKilled, State.ExitCode], [true, 9])
      }
      await Promise.all(hogs.map(remove))
    }))

  test('a monitor is chosen after its container when the host runs out of memory', async () => {
    const { Pid } = (await daemon.inspect(bystander)).State
    const score = (pid: number): number => numberIn(`/proc/${pid}/oom_score_adj`)
    assert.equal(score(Pid), 0)
    // Asking for less than one has takes CAP_SYS_RESOURCE (24).
    const mayAsk =
      (Number(/^CapEff:\s+\w{8}(\w{8})/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]?.replace(/^/, '0x')) >>
        24) &
      1
    assert.equal(score(parentOf(Pid)), mayAsk === 1 ? -999 : score(process.pid))
  })

  test('file systems in memory: inodes and /dev/shm', () =>
    survives(async () => {
      const script = `
        i=0; while touch /few/$i 2>/dev/null; do i=$((i+1)); done; echo inodes $i
        head -c 10m /dev/zero > /dev/shm/file 2>/dev/null || echo full $(stat -c %s /dev/shm/file)`
      const id = await start('files', script, { Tmpfs: { '/few': 'nr_inodes=10' }, ShmSize: 1 << 20 })
      await daemon.ended(id)
      assert.equal(await daemon.logs(id), 'inodes 9\nfull 1048576\n')
      await remove(id)
    }))

  test('a line of 32 MiB, and bytes that are no text', () =>
    survives(async () => {
      const options = { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } } }
      const script = 'head -c 8m /dev/urandom; head -c 32m /dev/zero | tr "\\0" x; echo; echo end; exec sleep 1000'
      const id = await start('line', script, options)
      await eventually('the end of the line', async () => (await daemon.logs(id, '&tail=1')).endsWith('end\n'), 60_000)
      const monitor = parentOf((await daemon.inspect(id)).State.Pid)
      const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${monitor}/status`, 'utf8')) ?? []
      assert.ok(Number(peak) < 8_192, `the monitor took ${peak} kB`)
      await remove(id)
    }))

  test('a container that somebody froze by hand can be removed', () =>
    survives(async () => {
      const id = await start('frozen', 'exec sleep 1000')
      const path = freezerOf(`${daemon.instance}/${id}`)
      writeFileSync(path, path.endsWith('freezer.state') ? 'FROZEN' : '1')
      await remove(id)
    }))

  test('the daemon has no descriptors left: it answers again when there are some', () =>
    survives(async () => {
      const limit = String(readdirSync(`/proc/${daemon.pid}/fd`).length + 8)
      execFileSync('prlimit', ['--pid', String(daemon.pid), `--nofile=${limit}:`])
      const clients: Socket[] = []
      try {
        for (let index = 0; index < 40; index++) clients.push(connect(daemon.socket).on('error', () => undefined))
        await eventually('all taken', () => readdirSync(`/proc/${daemon.pid}/fd`).length >= Number(limit))
      } finally {
        for (const client of clients) client.destroy()
        execFileSync('prlimit', ['--pid', String(daemon.pid), '--nofile=1024:'])
      }
      await eventually('an answer', async () => (await daemon.request('GET', '/_ping')).status === 200)
      const id = await start('after', 'exit 3')
      assert.equal((await daemon.ended(id)).State.ExitCode, 3)
      await remove(id)
    }))
})

function hasPids(): boolean {
  return existsSync('/sys/fs/cgroup/pids') || /\bpids\b/.test(readIfThere('/sys/fs/cgroup/cgroup.controllers'))
}

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

function childrenOf(parent: number): number {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').length
}

/** Where the kernel freezes this group: the v2 hierarchy, of a hybrid host too, or v1's freezer. */
function freezerOf(group: string): string {
  const found = ['', 'unified/']
    .map(at => `/sys/fs/cgroup/${at}${group}/cgroup.freeze`)
    .concat(`/sys/fs/cgroup/freezer/${group}/freezer.state`)
    .find(path => existsSync(path))
  assert.ok(found !== undefined, 'the group can be frozen')
  return found
}
