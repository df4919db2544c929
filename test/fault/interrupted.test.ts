import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDaemon } from '../support/daemon.ts'
import { assertNothingLeft, kernelState } from '../support/leaks.ts'
import { SIX_SERVICES, Stack, watchFor } from './stack.ts'

for (const [event, count] of [
  ['container create', 1],
  ['container start', 2],
] as const)
  test(`Ctrl-C during up, at event ${count} "${event}": exit code 130, and up again converges`, async () => {
    await using daemon = await TestDaemon.start()
    const before = kernelState(daemon.instance)
    const stack = new Stack(daemon, SIX_SERVICES)
    const { seen } = await watchFor(daemon, event, count)
    const { child, ended } = stack.begin('up', '-d')
    await seen
    child.kill('SIGINT')
    const { code, output } = await ended
    assert.equal(code, 130, output)
    const started = await stack.pids()
    assert.ok(Object.keys(started).length < 6, 'it stopped in the middle')

    const again = await stack.run('up', '-d')
    assert.equal(again.code, 0, again.output)
    const now = await stack.pids()
    assert.equal(Object.keys(now).length, 6)
    for (const [service, pid] of Object.entries(started)) assert.equal(now[service], pid, `${service} was replaced`)
    const down = await stack.run('down')
    assert.equal(down.code, 0, down.output)
    await assertNothingLeft(daemon.instance, before)
  })
