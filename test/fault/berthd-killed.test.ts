import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestDaemon } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { assertNothingLeft, kernelState } from '../support/leaks.ts'
import { processesOf, SIX_SERVICES, Stack, watchFor } from './stack.ts'

const SERVICES = ['api', 'cron', 'queue', 'store', 'web', 'worker']

const moments = [
  ['network create', 1],
  ['container create', 1],
  ['container create', 6],
  ['container start', 1],
  ['container start', 3],
  ['container start', 6],
] as const

for (const [event, count] of moments)
  test(`berthd killed during up, at event ${count} "${event}": what runs keeps running, up again converges`, async () => {
    await using daemon = await TestDaemon.start()
    const before = kernelState(daemon.instance)
    const stack = new Stack(daemon, SIX_SERVICES)
    const { seen } = await watchFor(daemon, event, count)
    const up = stack.begin('up', '-d')
    await seen
    await daemon.kill()
    const { code, output } = await up.ended
    if (event !== 'container start' || count < 6) assert.notEqual(code, 0, output)

    const survivors = processesOf(daemon)
    await daemon.launch()
    const recovered = await stack.pids()
    for (const [service, pid] of Object.entries(recovered))
      assert.ok(survivors.has(pid), `${service} has a new pid ${pid}`)
    if (event === 'container start') assert.ok(Object.keys(recovered).length >= count, `${count} had started`)

    await expectConverged(stack)
    const now = await stack.pids()
    for (const [service, pid] of Object.entries(recovered)) assert.equal(now[service], pid, `${service} was replaced`)
    await expectDown(stack, daemon)
    await assertNothingLeft(daemon.instance, before)
  })

for (const [event, count] of [
  ['container die', 1],
  ['container destroy', 1],
  ['container destroy', 5],
] as const)
  test(`berthd killed during down, at event ${count} "${event}": down again leaves nothing`, async () => {
    await using daemon = await TestDaemon.start()
    const before = kernelState(daemon.instance)
    const stack = new Stack(daemon, SIX_SERVICES)
    await expectConverged(stack)
    const { seen } = await watchFor(daemon, event, count)
    const down = stack.begin('down')
    await seen
    await daemon.kill()
    const { code, output } = await down.ended
    assert.notEqual(code, 0, output)
    await daemon.launch()
    await expectDown(stack, daemon)
    await assertNothingLeft(daemon.instance, before)
  })

test('berthd killed while idle: true exit codes, restart policies applied, pids kept', async () => {
  await using daemon = await TestDaemon.start()
  const before = kernelState(daemon.instance)
  const stack = new Stack(
    daemon,
    `
services:
  stays: {image: "rootfs:/", init: true, command: [sleep, "1000"]}
  ends: {image: "rootfs:/", command: [sh, -c, "trap 'exit 9' USR1; while :; do sleep 1000 & wait; done"]}
  again: {image: "rootfs:/", command: [sleep, "1000"], restart: on-failure}
  never: {image: "rootfs:/", command: [sleep, "1000"], restart: "no"}
`,
  )
  const up = await stack.run('up', '-d')
  assert.equal(up.code, 0, up.output)
  const pids = await stack.pids()
  await daemon.kill()
  process.kill(pids['ends'] ?? 0, 'SIGUSR1')
  process.kill(pids['again'] ?? 0, 'SIGKILL')
  process.kill(pids['never'] ?? 0, 'SIGKILL')
  await eventually('their end', () => ['ends', 'again', 'never'].every(name => !isAlive(pids[name] ?? 0)))
  await daemon.launch()

  const name = (service: string) => `${daemon.instance}-${service}-1`
  const ended = (await daemon.inspect(name('ends'))).State
  assert.deepEqual([ended.Status, ended.ExitCode], ['exited', 9])
  const never = (await daemon.inspect(name('never'))).State
  assert.deepEqual([never.Status, never.ExitCode], ['exited', 137])
  const again = await eventually('the restart', async () => {
    const { State, RestartCount } = await daemon.inspect(name('again'))
    return State.Running && State.Pid !== pids['again'] && { RestartCount }
  })
  assert.equal(again.RestartCount, 1)
  assert.equal((await stack.pids())['stays'], pids['stays'])

  const converged = await stack.run('up', '-d')
  assert.equal(converged.code, 0, converged.output)
  assert.deepEqual(Object.keys(await stack.pids()), ['again', 'ends', 'never', 'stays'])
  await expectDown(stack, daemon, '-t', '0')
  await assertNothingLeft(daemon.instance, before)
})

async function expectConverged(stack: Stack): Promise<void> {
  const { code, output } = await stack.run('up', '-d')
  assert.equal(code, 0, output)
  assert.deepEqual(Object.keys(await stack.pids()), SERVICES)
}

async function expectDown(stack: Stack, daemon: TestDaemon, ...more: readonly string[]): Promise<void> {
  const { code, output } = await stack.run('down', ...more)
  assert.equal(code, 0, output)
  assert.deepEqual(await daemon.call('GET', '/containers/json?all=1'), [])
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
