import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ExecInspect } from '../../../schemas/api/exec.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

test('a container that ends while berthd is dead keeps its true exit code and time', async () => {
  const daemon = await TestDaemon.start()
  try {
    await daemon.run('away', ['sh', '-c', 'while [ ! -e /tmp/go ]; do sleep 0.02; done; exit 9'])
    const { State } = await daemon.inspect('away')
    const started = Date.now()
    await daemon.kill()
    writeFileSync(`/proc/${State.Pid}/root/tmp/go`, '')
    await eventually('its end', () => {
      try {
        process.kill(State.Pid, 0)
        return false
      } catch {
        return true
      }
    })
    const ended = Date.now()
    await daemon.launch()
    const now = (await daemon.inspect('away')).State
    assert.deepEqual([now.Status, now.ExitCode], ['exited', 9])
    const finished = Date.parse(now.FinishedAt)
    assert.ok(finished >= started - 1 && finished <= ended + 1, `${now.FinishedAt} is not when it ended`)
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

test('kill -9 of berthd leaves containers running with the same process, and they can be used afterwards', async () => {
  const daemon = await TestDaemon.start()
  try {
    await daemon.run('survivor', ['sleep', '100'])
    const before = (await daemon.inspect('survivor')).State
    await daemon.kill()
    await daemon.launch()
    const after = (await daemon.inspect('survivor')).State
    assert.deepEqual([after.Status, after.Pid, after.StartedAt], ['running', before.Pid, before.StartedAt])
    const { Id } = await daemon.call<{ Id: string }>('POST', '/containers/survivor/exec', { Cmd: ['true'] })
    await daemon.call('POST', `/exec/${Id}/start`, { Detach: true })
    await eventually(
      'its exit code',
      async () => (await daemon.call<ExecInspect>('GET', `/exec/${Id}/json`)).ExitCode === 0,
    )
    assert.equal((await daemon.request('POST', '/containers/survivor/stop?t=0')).status, 204)
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

test('a restart policy holds for what ended while berthd was dead', async () => {
  const daemon = await TestDaemon.start()
  try {
    await daemon.run('again', ['sleep', '100'], { HostConfig: { RestartPolicy: { Name: 'always' } } })
    const before = (await daemon.inspect('again')).State
    await daemon.kill()
    process.kill(before.Pid, 'SIGKILL')
    await daemon.launch()
    const after = await eventually('a new run', async () => {
      const it = await daemon.inspect('again')
      return it.State.Status === 'running' && it.State.Pid !== before.Pid && it
    })
    assert.equal(after.RestartCount, 1)
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

test('two daemons on one data root: the second says who has it', async () => {
  const daemon = await TestDaemon.start()
  try {
    const second = spawnSync(
      process.execPath,
      [
        `${process.env['BERTH_ROOT']}/dist/berthd.cjs`,
        '--run-dir',
        `${daemon.folder}/run2`,
        '--data-root',
        daemon.dataRoot,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(second.status, 1)
    assert.match(second.stderr, new RegExp(`another berthd \\(pid ${daemon.pid}\\) uses this data root`))
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})
