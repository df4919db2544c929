import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

test('a health check goes from starting to healthy to unhealthy, and says so in inspect, list and events', async () => {
  const daemon = await TestDaemon.start()
  try {
    await daemon.run('checked', ['sh', '-c', 'touch /tmp/well; exec sleep 1000'], {
      Healthcheck: { Test: ['CMD-SHELL', 'echo probed; test -e /tmp/well'], Interval: 50_000_000, Retries: 2 },
    })
    const health = async (status: string) =>
      eventually(status, async () => {
        const { Health } = (await daemon.inspect('checked')).State
        return Health?.Status === status && Health
      })
    const healthy = await health('healthy')
    assert.deepEqual([healthy.Log[0]?.ExitCode, healthy.Log[0]?.Output], [0, 'probed\n'])
    await daemon.kill()
    await daemon.launch()
    assert.equal((await daemon.inspect('checked')).State.Health?.Status, 'healthy', 'known to the next daemon')
    const { Id } = await daemon.call<{ Id: string }>('POST', '/containers/checked/exec', { Cmd: ['rm', '/tmp/well'] })
    await daemon.call('POST', `/exec/${Id}/start`, { Detach: true })
    const unhealthy = await health('unhealthy')
    assert.ok(unhealthy.FailingStreak >= 2)
    assert.ok(unhealthy.Log.length <= 5)
    const events = await daemon.events({ container: ['checked'], event: ['health_status'] })
    assert.deepEqual(events, ['health_status: unhealthy'])
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

test('a probe that takes too long is killed and counts as failed', async () => {
  const daemon = await TestDaemon.start()
  try {
    await daemon.run('slow', ['sleep', '1000'], {
      Healthcheck: { Test: ['CMD', 'sleep', '1000'], Interval: 50_000_000, Timeout: 100_000_000, Retries: 1 },
    })
    const log = await eventually('a verdict', async () => {
      const { Health } = (await daemon.inspect('slow')).State
      return Health?.Status === 'unhealthy' && Health.Log
    })
    assert.deepEqual([log[0]?.ExitCode, log[0]?.Output], [-1, 'Health check exceeded timeout (0.1s)'])
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})
