import assert from 'node:assert/strict'
import { readFileSync, readlinkSync } from 'node:fs'
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

  test('a restart by policy re-uses monitor, network namespace, mount and cgroup', async () => {
    await using cli = await BerthCli.open(daemon, {
      'stack.yaml': 'services:\n  web: {image: "rootfs:/", command: sleep 300, init: true, restart: always}\n',
    })
    const name = `${cli.stack}-web-1`
    await cli.ok('up', '-d')
    const before = await traits(name)
    const follower = cli.start(['system', 'trace', '-n', '2', '--format', 'json', name])
    await eventually('it says that it traces', () => follower.output().includes('Tracing'))
    process.kill(before.pid, 'SIGKILL')
    const { stdout } = await follower.result
    const [, started] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as LifeTrace)
    assert.equal(started?.Action, 'start')
    const processes = new Set(started.Stages.map(({ Process }) => Process))
    assert.deepEqual([...processes].sort(), ['engine', 'monitor', 'runtime'], 'nobody forks, nobody makes a network')
    const after = await traits(name)
    assert.notEqual(after.pid, before.pid)
    assert.deepEqual({ ...after, pid: 0 }, { ...before, pid: 0 })
    await cli.ok('down')
  })

  /** What a restart keeps: the namespace of the network, the overlay's device number, the inode of the cgroup. */
  async function traits(name: string) {
    const { Id, State } = await daemon.call<{ Id: string; State: { Pid: number } }>('GET', `/containers/${name}/json`)
    const group = readFileSync(`/proc/${State.Pid}/cgroup`, 'utf8')
    const mounts = readFileSync(`/proc/${State.Pid}/mountinfo`, 'utf8')
    return {
      id: Id,
      pid: State.Pid,
      network: readlinkSync(`/proc/${State.Pid}/ns/net`),
      root: / (\d+:\d+) \/ \/ /.exec(mounts)?.[1],
      monitor: /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${State.Pid}/status`, 'utf8'))?.[1],
      group,
    }
  }
})
