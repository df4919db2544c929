import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { OomIncident, OomPolicy } from '../../../schemas/api/berth.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const megabyte = 1 << 20
/** Eats memory in a child while the main process would live on. */
const childLeaks = ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=200M count=1 & wait; exec sleep 1000']
const policy = (more: Partial<OomPolicy> = {}): OomPolicy => ({
  action: 'restart',
  scope: 'container',
  maxRestarts: 2,
  windowMs: 600_000,
  backoff: { initialMs: 20, factor: 2, maxMs: 1000, resetAfterMs: 60_000 },
  ...more,
})

describe('out of memory', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
  })
  after(async () => {
    await daemon[Symbol.asyncDispose]()
  })
  const incidents = (container: string) =>
    daemon.call<readonly OomIncident[]>(
      'GET',
      `/berth/v1/oom?filters=${encodeURIComponent(JSON.stringify({ container: [container] }))}`,
    )

  test('a killed child restarts the container, its limit grows, and at last it is given up with the reason', async () => {
    await daemon.run('leaker', childLeaks, {
      HostConfig: { Memory: 32 * megabyte, RestartPolicy: { Name: 'always' } },
      Berth: { Oom: policy({ grow: { factor: 1.5, limitBytes: 40 * megabyte } }) },
    })
    const { State, RestartCount, HostConfig } = await eventually(
      'the end of its restarts',
      async () => {
        const it = await daemon.inspect('leaker')
        return it.State.Status === 'exited' && it
      },
      30_000,
    )
    assert.deepEqual([State.OOMKilled, State.ExitCode, RestartCount], [true, 137, 2])
    assert.equal(State.Error, 'out of memory again after 2 restarts within 10m')
    assert.equal(HostConfig.Memory, 40 * megabyte)
    const found = await incidents('leaker')
    assert.deepEqual(
      found.map(it => [it.Decision, it.LimitBytes / megabyte, it.NewLimitBytes, it.KilledMain]),
      [
        ['restart', 32, 40 * megabyte, false],
        ['restart', 40, undefined, false],
        ['give-up', 40, undefined, false],
      ],
    )
    const events = await daemon.events({ container: ['leaker'], type: ['container'] }, ['exitCode'])
    assert.deepEqual(events.slice(0, 5), ['create', 'start', 'oom', 'die exitCode=137', 'start'])
  })

  test('without a restart policy a killed child is an incident and the container lives on', async () => {
    await daemon.run('lives', childLeaks, { HostConfig: { Memory: 32 * megabyte } })
    const [incident] = await eventually('the incident', async () => {
      const found = await incidents('lives')
      return found.length > 0 && found
    })
    assert.deepEqual([incident?.Decision, incident?.KilledMain], ['ignore', false])
    assert.equal((await daemon.inspect('lives')).State.Status, 'running')
  })

  test('incidents outlive the daemon', async () => {
    const before = await incidents('leaker')
    await daemon.kill()
    await daemon.launch()
    assert.deepEqual(await incidents('leaker'), before)
  })
})
