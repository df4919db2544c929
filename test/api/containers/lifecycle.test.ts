import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { ContainerSummary, ContainerWaitResponse } from '../../../schemas/api/containers.ts'
import type { NetworkInspect } from '../../../schemas/api/networks.ts'
import type { ContainerStats } from '../../../schemas/api/stats.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { kernelState } from '../../support/leaks.ts'

describe('the life of a container', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
  })
  after(async () => {
    await daemon[Symbol.asyncDispose]()
  })

  test('create, start, wait, logs, inspect and remove tell one story', async () => {
    const id = await daemon.create('story', ['sh', '-c', 'echo out; echo err >&2; exit 3'])
    assert.equal((await daemon.inspect('story')).State.Status, 'created')
    assert.equal((await daemon.request('POST', '/containers/story/start')).status, 204)
    const { StatusCode } = await daemon.call<ContainerWaitResponse>('POST', '/containers/story/wait')
    assert.equal(StatusCode, 3)
    const { State } = await daemon.inspect('story')
    assert.deepEqual([State.Status, State.Running, State.ExitCode, State.Pid], ['exited', false, 3, 0])
    assert.deepEqual((await daemon.logs('story')).split('\n').sort(), ['', 'err', 'out'])
    assert.equal((await daemon.request('DELETE', '/containers/story')).status, 204)
    assert.equal((await daemon.request('GET', `/containers/${id}/json`)).status, 404)
    assert.deepEqual(await daemon.events({ container: [id], type: ['container'] }, ['exitCode']), [
      'create',
      'start',
      'die exitCode=3',
      'destroy',
    ])
  })

  test('a second start is no change, a start of what cannot run is 400 with exit code 127', async () => {
    await daemon.run('twice', ['sleep', '100'])
    assert.equal((await daemon.request('POST', '/containers/twice/start')).status, 304)
    await daemon.create('absent', ['/no/such/program'])
    const answer = await daemon.request('POST', '/containers/absent/start')
    assert.equal(answer.status, 400)
    assert.match(answer.message, /\/no\/such\/program/)
    const { State } = await daemon.inspect('absent')
    assert.deepEqual([State.Status, State.ExitCode], ['created', 127])
    assert.match(State.Error, /\/no\/such\/program/)
  })

  test('stop sends the stop signal, kills after the timeout, and a stopped one answers 304', async () => {
    await daemon.run('polite', ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.05; done'])
    await daemon.run('deaf', ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'])
    await eventually('its trap', async () => (await daemon.logs('deaf')).includes('ready'))
    await Promise.all([
      daemon.call('POST', '/containers/polite/stop?t=20'),
      daemon.call('POST', '/containers/deaf/stop?t=0'),
    ])
    assert.equal((await daemon.inspect('polite')).State.ExitCode, 7)
    assert.equal((await daemon.inspect('deaf')).State.ExitCode, 137)
    assert.equal((await daemon.request('POST', '/containers/polite/stop')).status, 304)
    assert.deepEqual(await daemon.events({ container: ['deaf'], type: ['container'] }, ['signal']), [
      'create',
      'start',
      'kill signal=15',
      'kill signal=9',
      'die',
      'stop',
    ])
  })

  test('what a container wrote is there after a stop and a start', async () => {
    await daemon.run('writer', ['sh', '-c', 'cat /opt/kept 2>/dev/null; echo written > /opt/kept'])
    await daemon.call('POST', '/containers/writer/wait')
    await daemon.call('POST', '/containers/writer/start')
    await daemon.call('POST', '/containers/writer/wait')
    assert.equal(await daemon.logs('writer'), 'written\n')
  })

  test('what is wrong with a request is told before the start', async () => {
    const status = async (body: object, name = ''): Promise<number> =>
      (await daemon.request('POST', `/containers/create${name}`, { Image: 'rootfs:/', Cmd: ['true'], ...body })).status
    assert.equal(await status({ Image: 'nosuch' }), 404)
    assert.equal(await status({ HostConfig: { Memory: 1024 } }), 400)
    assert.equal(await status({ Hostname: 'a\nb' }), 400)
    assert.equal(await status({ HostConfig: { CgroupParent: '/../..' } }), 400)
    assert.equal(await status({ HostConfig: { CapAdd: ['FLY'] } }), 400)
    assert.equal(await status({ HostConfig: { Memory: 'much' } }), 400)
    assert.equal(await status({ HostConfig: { Binds: ['relative/path:/x'] } }), 400)
    assert.equal(await status({ Env: ['A=\0'] }), 400)
    assert.equal(await status({}, '?name=-x'), 400)
    assert.equal(await status({}, '?name=unique1'), 201)
    assert.equal(await status({}, '?name=unique1'), 409)
  })

  test('pause, unpause, rename, update and restart', async () => {
    await daemon.run('busy', ['sleep', '100'], { HostConfig: { Memory: 64 << 20 } })
    await daemon.call('POST', '/containers/busy/pause')
    assert.equal((await daemon.inspect('busy')).State.Paused, true)
    assert.equal((await daemon.request('POST', '/containers/busy/exec', { Cmd: ['true'] })).status, 409)
    await daemon.call('POST', '/containers/busy/unpause')
    await daemon.call('POST', '/containers/busy/rename?name=busier')
    await daemon.call('POST', '/containers/busier/update', { Memory: 96 << 20, MemorySwap: 192 << 20 })
    assert.equal((await daemon.inspect('busier')).HostConfig.Memory, 96 << 20)
    const { limit } = (await daemon.call<ContainerStats>('GET', '/containers/busier/stats?stream=0&one-shot=1'))
      .memory_stats
    assert.equal(limit, 96 << 20)
    const before = await daemon.inspect('busier')
    await daemon.call('POST', '/containers/busier/restart?t=0')
    const now = await daemon.inspect('busier')
    assert.notEqual(now.State.StartedAt, before.State.StartedAt)
    assert.equal(now.State.Status, 'running')
  })

  test('a crashing container is restarted by its policy, and one that is stopped stays down', async () => {
    await daemon.run('crash', ['sh', '-c', 'exit 9'], {
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    })
    const { State, RestartCount } = await eventually('the last try', async () => {
      const it = await daemon.inspect('crash')
      return it.State.Status === 'exited' && it
    })
    assert.deepEqual([RestartCount, State.ExitCode], [2, 9])
    await daemon.run('loop', ['sh', '-c', 'exit 1'], { HostConfig: { RestartPolicy: { Name: 'always' } } })
    await eventually('a restart', async () => (await daemon.inspect('loop')).RestartCount >= 1)
    await daemon.call('POST', '/containers/loop/stop')
    assert.equal((await daemon.inspect('loop')).State.Status, 'exited')
  })

  test('list filters by label in both forms, by status and by name', async () => {
    await daemon.create('labelled', ['true'], { Labels: { 'com.docker.compose.project': 'shop', tier: 'web' } })
    const names = async (filters: object): Promise<string[]> => {
      const query = encodeURIComponent(JSON.stringify(filters))
      const list = await daemon.call<readonly ContainerSummary[]>('GET', `/containers/json?all=1&filters=${query}`)
      return list.map(it => it.Names[0] ?? '')
    }
    assert.deepEqual(await names({ label: { 'com.docker.compose.project=shop': true } }), ['/labelled'])
    assert.deepEqual(await names({ label: ['tier'], status: ['created'] }), ['/labelled'])
    assert.deepEqual(await names({ name: ['^/labelled$'] }), ['/labelled'])
    assert.deepEqual(await names({ label: ['tier=db'] }), [])
    assert.equal((await daemon.request('GET', '/containers/json?filters={"bogus":["1"]}')).status, 400)
  })

  test('wait sends its headers at once and answers for each condition', async () => {
    await daemon.create('waited', ['sh', '-c', 'sleep 0.1; exit 5'], { HostConfig: { AutoRemove: true } })
    const exit = await daemon.open('POST', '/containers/waited/wait?condition=next-exit')
    const removed = await daemon.open('POST', '/containers/waited/wait?condition=removed')
    assert.equal(exit.statusCode, 200)
    await daemon.call('POST', '/containers/waited/start')
    const read = async (stream: AsyncIterable<unknown>): Promise<unknown> => {
      let text = ''
      for await (const chunk of stream) text += String(chunk)
      return JSON.parse(text)
    }
    assert.deepEqual(await read(exit), { StatusCode: 5 })
    assert.deepEqual(await read(removed), { StatusCode: 5 })
    assert.equal((await daemon.request('GET', '/containers/waited/json')).status, 404)
  })
})

test('nothing is left of fifty containers that came and went', async () => {
  const daemon = await TestDaemon.start()
  try {
    const names = Array.from({ length: 50 }, (_, index) => `n${index}x`)
    await Promise.all(names.map(name => daemon.run(name, ['sleep', '100'])))
    const networks = await daemon.call<readonly NetworkInspect[]>('GET', '/networks?filters={"name":["bridge"]}')
    // Only what is this daemon's own: others may come and go on the machine meanwhile.
    const left = () => ({
      ports: readdirSync(`/sys/class/net/br-${networks[0]?.Id.slice(0, 12)}/brif`).length,
      cgroups: kernelState(daemon.instance).cgroups.length,
      bundles: readdirSync(`${daemon.runDir}/containers`).length,
      layers: readdirSync(`${daemon.runDir}/writable`).length,
      data: readdirSync(`${daemon.dataRoot}/containers`).length,
      trash: [daemon.dataRoot, daemon.runDir].flatMap(root => listOf(`${root}/trash`)).length,
    })
    assert.deepEqual([left().ports, left().bundles], [50, 50])
    await Promise.all(names.map(name => daemon.call('DELETE', `/containers/${name}?force=1`)))
    await eventually('everything given back', () => Object.values(left()).every(count => count === 0)).catch(() => {
      assert.deepEqual(left(), { ports: 0, cgroups: 0, bundles: 0, layers: 0, data: 0, trash: 0 })
    })
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

const listOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])
