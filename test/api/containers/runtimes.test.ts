import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { type Runtime, runtimes } from '../../conformance/oci/runtimes.ts'
import { Stack } from '../../fault/stack.ts'
import { demultiplex, TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { ownState } from '../../support/leaks.ts'

/** Containers whose processes another OCI runtime makes: the same on our own command line and on each runtime of BERTH_PEER_RUNTIMES. */
describe('other runtimes', () => {
  const all = runtimes().map(it => ({ ...it, name: it.name === 'berth' ? ('oci' as const) : it.name }))
  let folder: string
  let daemon: TestDaemon
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-runtimes-'))
    const file = join(folder, 'daemon.json')
    writeFileSync(file, JSON.stringify({ runtimes: Object.fromEntries(all.map(it => [it.name, entryOf(it)])) }))
    daemon = await TestDaemon.start(['--config-file', file, '--add-runtime', 'gone=/bin/true'])
  })
  after(async () => {
    await daemon[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  test('info names them, create refuses others', async () => {
    const info = await daemon.call<{ Runtimes: Record<string, unknown>; DefaultRuntime: string }>('GET', '/info')
    assert.deepEqual(Object.keys(info.Runtimes).sort(), ['berth', 'gone', ...all.map(it => it.name)].sort())
    assert.deepEqual(info.Runtimes['oci'], entryOf(all[0] as Runtime))
    assert.equal(info.DefaultRuntime, 'berth')
    const create = (hostConfig: object) =>
      daemon.request('POST', '/containers/create', { Image: 'rootfs:/', Cmd: ['true'], HostConfig: hostConfig })
    const unknown = await create({ Runtime: 'nope' })
    assert.deepEqual([unknown.status, unknown.message], [400, 'unknown or invalid runtime name: nope'])
    const mapped = await create({ Runtime: 'oci', UsernsMode: 'auto' })
    assert.equal(mapped.status, 400)
    assert.match(mapped.message, /^runtime oci: user namespaces are made by the runtime berth only/)
  })

  test('a service names its runtime', async () => {
    const stack = new Stack(
      daemon,
      'services:\n  web: {image: "rootfs:/", runtime: oci, init: true, command: [sleep, "1000"]}\n',
    )
    const up = await stack.run('up', '-d')
    assert.equal(up.code, 0, up.output)
    assert.doesNotMatch(up.output, /runtime/)
    const { HostConfig, State } = await daemon.inspect(`${daemon.instance}-web-1`)
    assert.deepEqual([HostConfig.Runtime, State.Running], ['oci', true])
    const again = await stack.run('plan', '--detailed-exitcode')
    assert.equal(again.code, 0, again.output)
    assert.equal((await stack.run('down')).code, 0)
  })

  test('a runtime that makes no container is told by its end', async () => {
    const id = await daemon.create('gone', ['true'], { HostConfig: { Runtime: 'gone' } })
    const { status, message } = await daemon.request('POST', `/containers/${id}/start`)
    assert.deepEqual([status, message], [500, 'the runtime has written no pid'])
    assert.equal((await daemon.inspect(id)).State.ExitCode, 128)
  })

  for (const { name } of all) {
    describe(name, () => {
      const start = (suffix: string, script: string, hostConfig: object = {}, more: object = {}) =>
        daemon.run(`${name}-${suffix}`, ['sh', '-c', script], { HostConfig: { Runtime: name, ...hostConfig }, ...more })
      const held = () => ownState(daemon.instance)
      const remove = (id: string) => daemon.call('DELETE', `/containers/${id}?force=1`)
      const exec = async (id: string, script: string, more: object = {}) => {
        const body = { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true, ...more }
        const { Id } = await daemon.call<{ Id: string }>('POST', `/containers/${id}/exec`, body)
        const chunks: Buffer[] = []
        for await (const chunk of await daemon.open('POST', `/exec/${Id}/start`, {})) chunks.push(chunk as Buffer)
        const { ExitCode } = await daemon.call<{ ExitCode: number }>('GET', `/exec/${Id}/json`)
        const bytes = Buffer.concat(chunks)
        return { code: ExitCode, output: 'Tty' in more ? bytes.toString() : demultiplex(bytes) }
      }

      test('output, exit code, restart policy', async () => {
        const policy = { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 } }
        const id = await start('exits', 'echo out; echo err >&2; exit 7', policy)
        const { State, RestartCount, HostConfig } = await daemon.ended(id)
        assert.deepEqual([State.ExitCode, RestartCount, HostConfig.Runtime], [7, 1, name])
        assert.deepEqual((await daemon.logs(id)).split('\n').filter(Boolean).sort(), ['err', 'err', 'out', 'out'])
        await remove(id)
      })

      test('the default seccomp profile, limits, exec, pause, update, stats, top, stop', async () => {
        const script = 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'
        const id = await start('lives', script, { Memory: 64 << 20, PidsLimit: 50 })
        await eventually('its trap', async () => (await daemon.logs(id)).includes('ready'))
        const seen = await exec(id, 'grep Seccomp: /proc/self/status; unshare -U true || echo refused; exit 4')
        assert.equal(seen.code, 4)
        assert.match(seen.output, /Seccomp:\t2\n(?:.*\n)*refused/)
        assert.match((await exec(id, 'tty', { Tty: true })).output, /^\/dev\/pts\/\d+/)
        assert.equal((await exec(id, '', { Cmd: ['nosuch'] })).code, 127)

        await daemon.call('POST', `/containers/${id}/pause`)
        assert.equal((await daemon.inspect(id)).State.Status, 'paused')
        await daemon.call('POST', `/containers/${id}/unpause`)
        await daemon.call('POST', `/containers/${id}/update`, { Memory: 96 << 20, MemorySwap: 192 << 20 })
        const stats = await daemon.call<{ memory_stats: { limit: number; usage: number }; networks: object }>(
          'GET',
          `/containers/${id}/stats?stream=0`,
        )
        assert.equal(stats.memory_stats.limit, 96 << 20)
        assert.ok(stats.memory_stats.usage > 0)
        assert.ok('eth0' in stats.networks)
        const top = await daemon.call<{ Processes: string[][] }>('GET', `/containers/${id}/top`)
        assert.ok(top.Processes.length > 0)
        await daemon.call('POST', `/containers/${id}/stop`)
        assert.equal((await daemon.inspect(id)).State.ExitCode, 5)
        await remove(id)
      })

      test('names, volumes, secrets, init, health', async () => {
        const network = `${name}-net`
        await daemon.call('POST', '/networks/create', { Name: network })
        const files = [{ Path: '/run/secrets/key', Mode: 0o400, Uid: 0, Gid: 0, Content: btoa('hush') }]
        const id = await start(
          'full',
          `getent hosts ${name}-full; echo kept > /data/file; cat /run/secrets/key; tr '\\0' ' ' </proc/1/cmdline; echo; touch /healthy; sleep 1000`,
          { NetworkMode: network, Binds: [`${name}-volume:/data`], Init: true },
          {
            Berth: { Files: files },
            Healthcheck: { Test: ['CMD-SHELL', 'test -e /healthy'], Interval: 100_000_000, Retries: 100 },
          },
        )
        await eventually(
          'its health',
          async () => (await daemon.inspect(id)).State.Health?.Status === 'healthy',
          60_000,
        )
        const [hosts = '', process = ''] = (await daemon.logs(id)).split('\n')
        assert.match(hosts, new RegExp(`^\\d+\\.\\d+\\.\\d+\\.\\d+ .*\\b${name}-full`))
        assert.match(process, /^hush\/sbin\/docker-init -- sh -c /)
        assert.equal((await exec(id, 'cat /data/file')).output, 'kept\n')
        assert.deepEqual(readdirSync(`${daemon.runDir}/containers/${id}/files`), [], 'the host sees no secret')
        await remove(id)
        await daemon.call('DELETE', `/volumes/${name}-volume`)
        await daemon.call('DELETE', `/networks/${network}`)
      })

      test('an out-of-memory kill of a child is seen', async () => {
        const id = await start('hog', 'head -c 100m /dev/zero | tail >/dev/null; echo $?', {
          Memory: 16 << 20,
          MemorySwap: 16 << 20,
        })
        const { State } = await daemon.ended(id)
        assert.deepEqual([State.OOMKilled, (await daemon.logs(id)).trim().split('\n').at(-1)], [true, '137'])
        await remove(id)
      })

      test('a program that is not there: 127, and nothing is left', async () => {
        const earlier = held()
        const id = await daemon.create(`${name}-nosuch`, ['nosuch'], { HostConfig: { Runtime: name } })
        const { status, message } = await daemon.request('POST', `/containers/${id}/start`)
        assert.equal(status, 400)
        assert.match(message, /exec: "nosuch": executable file not found in \$PATH$/)
        assert.equal((await daemon.inspect(id)).State.ExitCode, 127)
        await remove(id)
        await eventually('mounts and cgroups as before', () => isDeepStrictEqual(held(), earlier))
      })

      test('the daemon killed: it runs on, and its exit is known', async () => {
        const lives = await start('outage', 'sleep 1000')
        const ends = await start('ends', 'sleep 1000')
        const [{ State }, gone] = [await daemon.inspect(lives), await daemon.inspect(ends)]
        await daemon.kill()
        process.kill(gone.State.Pid, 'SIGKILL')
        await daemon.launch()
        assert.equal((await daemon.inspect(lives)).State.Pid, State.Pid)
        assert.equal((await exec(lives, 'exit 3')).code, 3)
        assert.equal((await daemon.ended(ends)).State.ExitCode, 137)
        await Promise.all([remove(lives), remove(ends)])
      })

      test('its monitor killed: nothing of it is left', async () => {
        const earlier = held()
        const id = await start('orphan', 'sleep 1000')
        const { Pid } = (await daemon.inspect(id)).State
        process.kill(parentOf(Pid), 'SIGKILL')
        await daemon.ended(id)
        await eventually('no process of it', () => !existsSync(`/proc/${Pid}`))
        await remove(id)
        await eventually('mounts and cgroups as before', () => isDeepStrictEqual(held(), earlier))
        assert.deepEqual(readdirSync(`${daemon.runDir}/containers`), [])
      })
    })
  }
})

const entryOf = ({ command: [path = '', ...runtimeArgs] }: Pick<Runtime, 'command'>) => ({ path, runtimeArgs })

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
