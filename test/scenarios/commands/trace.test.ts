import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LifeTrace } from '../../../schemas/api/berth.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

describe('berth system trace', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
  })
  after(() => daemon[Symbol.asyncDispose]())

  test('shows each stage of a start and of a stop, by process, on one clock', async () => {
    await using cli = await BerthCli.open(daemon, {
      'stack.yaml': 'services:\n  web: {image: "rootfs:/", command: sleep 300, init: true}\n',
    })
    const name = `${cli.stack}-web-1`
    const follower = cli.start(['system', 'trace', '-n', '2', '--format', 'json', name])
    await eventually('it says that it traces', () => follower.output().includes('Tracing'))
    await cli.ok('up', '-d')
    await cli.ok('stop')
    const { code, stdout } = await follower.result
    assert.equal(code, 0)
    const [started, stopped] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as LifeTrace)
    assert.ok(started && stopped)
    assert.deepEqual([started.Action, stopped.Action, started.ContainerName], ['start', 'stop', name])

    const has = (trace: LifeTrace, process: string, ...stages: string[]) => {
      const found = trace.Stages.filter(({ Process }) => Process === process).map(({ Stage }) => Stage)
      for (const stage of stages) assert.ok(found.includes(stage), `${process}: ${stage} in ${found}`)
    }
    has(started, 'engine', 'image and writable layer', 'specification', 'state and events')
    has(started, 'spawner', 'fork')
    has(started, 'netd', 'attach')
    has(started, 'runtime', 'overlay', 'cgroup-make', 'mounts', 'pivot', 'seccomp', 'running')
    has(stopped, 'monitor', 'signal', 'drain', 'record', 'release')
    has(stopped, 'netd', 'detach')
    for (const { At, Microseconds, Stage } of [...started.Stages, ...stopped.Stages])
      assert.ok(At >= 0 && Microseconds >= 0, `${Stage}: ${At} ${Microseconds}`)
    const last = Math.max(...started.Stages.map(({ At, Microseconds }) => At + Microseconds))
    assert.ok(Math.abs(last - started.Microseconds) < 1, `${last} of ${started.Microseconds}`)
    await cli.ok('down')
  })
})
