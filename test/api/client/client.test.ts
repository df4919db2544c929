import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { packTar, unpackTar } from 'modern-tar'
import { parseAddress } from '../../../cli/client/address.ts'
import {
  attachContainer,
  containerLogs,
  containerStats,
  containerTop,
  createContainer,
  getArchive,
  inspectContainer,
  killContainer,
  listContainers,
  putArchive,
  removeContainer,
  renameContainer,
  startContainer,
  statPath,
  stopContainer,
  waitContainer,
} from '../../../cli/client/containers.ts'
import { createClient } from '../../../cli/client/create-client.ts'
import type { EngineClient } from '../../../cli/client/engine-client.ts'
import { isConflict, isNotFound } from '../../../cli/client/engine-error.ts'
import { openEvents } from '../../../cli/client/events.ts'
import { createExec, inspectExec, startExec } from '../../../cli/client/exec.ts'
import { type OutputChunk, readOutput } from '../../../cli/client/frames.ts'
import { createNetwork, inspectNetwork, listNetworks, removeNetwork } from '../../../cli/client/networks.ts'
import { engineInfo, engineVersion } from '../../../cli/client/system.ts'
import { createVolume, listVolumes, removeVolume } from '../../../cli/client/volumes.ts'
import { type Engine, engines } from '../../support/engines.ts'

for (const { name, start } of engines) {
  describe(`client on ${name}`, () => {
    let engine: Engine
    let client: EngineClient
    before(async () => {
      engine = await start()
      client = createClient(await parseAddress(engine.host, {}))
    })
    after(async () => {
      const mine = await listContainers(client, { all: true, filters: { label: ['berth.test=client'] } })
      await Promise.all(mine.map(({ Id }) => removeContainer(client, Id, { force: true, volumes: true })))
      client.close()
      await engine[Symbol.asyncDispose]()
    })

    const create = async (command: readonly string[], more: object = {}): Promise<string> => {
      const body = { Image: engine.image, Cmd: [...command], Labels: { 'berth.test': 'client' }, ...more }
      return (await createContainer(client, undefined, body)).Id
    }
    const run = async (command: readonly string[], more: object = {}): Promise<string> => {
      const id = await create(command, { HostConfig: { Init: true }, ...more })
      await startContainer(client, id)
      return id
    }

    test('says who it is', async () => {
      assert.equal((await client.facts()).isBerth, name === 'berthd')
      const { ApiVersion } = await engineVersion(client)
      assert.match(ApiVersion, /^1\.\d+$/)
      assert.ok((await engineInfo(client)).NCPU > 0)
    })

    test('an exit code is caught although the container ends at once, because the waiting began before', async () => {
      const id = await create(['sh', '-c', 'exit 7'])
      const { exit } = await waitContainer(client, id, 'next-exit')
      await startContainer(client, id)
      assert.equal((await exit).StatusCode, 7)
      assert.equal((await inspectContainer(client, id)).State.ExitCode, 7)
    })

    test('attach gives both streams and takes input, and its half-close ends a reader', async () => {
      const id = await create(['sh', '-c', 'echo out; echo err >&2; cat'], {
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
      })
      const { socket, isMultiplexed } = await attachContainer(client, id, { stdin: true, stdout: true, stderr: true })
      await startContainer(client, id)
      socket.end('typed')
      assert.deepEqual(await collect(readOutput(socket, isMultiplexed)), { stdout: 'out\ntyped', stderr: 'err\n' })
    })

    test('exec with and without a terminal, and its exit code', async () => {
      const id = await run(['sleep', '100'])
      for (const Tty of [false, true]) {
        const { Id } = await createExec(client, id, {
          Cmd: ['sh', '-c', 'test -t 1 && echo terminal || echo pipe; exit 5'],
          AttachStdout: true,
          AttachStderr: true,
          Tty,
        })
        const { socket, isMultiplexed } = await startExec(client, Id, { Tty })
        assert.deepEqual(await collect(readOutput(socket, isMultiplexed && !Tty)), {
          stdout: Tty ? 'terminal\r\n' : 'pipe\n',
          stderr: '',
        })
        assert.equal((await inspectExec(client, Id)).ExitCode, 5)
      }
    })

    test('logs: both streams, tail, and following to the end', async () => {
      const id = await run(['sh', '-c', 'echo a; echo b; echo e >&2; sleep 0.3; echo c'])
      const followed = await collect(await containerLogs(client, id, { follow: true }))
      assert.deepEqual(followed, { stdout: 'a\nb\nc\n', stderr: 'e\n' })
      assert.equal((await collect(await containerLogs(client, id, { tail: '1' }))).stdout, 'c\n')
      assert.equal((await collect(await containerLogs(client, id, { stdout: false }))).stdout, '')
    })

    test('following ends when it is aborted', async () => {
      const id = await run(['sleep', '100'])
      const controller = new AbortController()
      const logs = await containerLogs(client, id, { follow: true }, { signal: controller.signal })
      setImmediate(() => controller.abort())
      await assert.rejects(collect(logs))
    })

    const noArchive = name === 'berthd' ? 'berthd has no archive calls yet' : false
    test('files go in and come out with owner and mode', { skip: noArchive }, async () => {
      const id = await create(['true'], { HostConfig: { Tmpfs: {} } })
      const body = Buffer.from('hello')
      const archive = await packTar([
        { header: { name: 'note', size: 5, mode: 0o640, uid: 7, gid: 8, type: 'file' }, body },
      ])
      await putArchive(client, id, { path: '/tmp' }, Readable.from([Buffer.from(archive)]))
      assert.equal((await statPath(client, id, '/tmp/note')).size, 5)
      const { archive: out } = await getArchive(client, id, '/tmp/note')
      const chunks: Buffer[] = []
      for await (const chunk of out) chunks.push(chunk)
      const [entry] = await unpackTar(Buffer.concat(chunks))
      assert.deepEqual(
        [entry?.header.name, entry?.header.mode, entry?.header.uid, String(Buffer.from(entry?.data ?? []))],
        ['note', 0o640, 7, 'hello'],
      )
    })

    test('events of what is done after the stream was opened, filtered by the engine', async () => {
      const controller = new AbortController()
      const filters = { type: ['container'], label: ['berth.test=client'], event: ['die', 'health_status'] }
      const events = await openEvents(client, { filters }, { signal: controller.signal })
      const id = await run(['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done'], {
        Healthcheck: { Test: ['CMD', 'true'], Interval: 100e6 },
      })
      const seen: string[] = []
      for await (const { Action, Actor } of events) {
        if (Actor.ID !== id) continue
        seen.push(Action === 'die' ? `die ${Actor.Attributes['exitCode']}` : Action)
        if (Action === 'die') break
        await killContainer(client, id, 'TERM')
      }
      controller.abort()
      assert.deepEqual(seen, ['health_status: healthy', 'die 3'])
    })

    test('stop, kill, rename, top and one sample of the statistics', async () => {
      const id = await run(['sleep', '100'])
      await renameContainer(client, id, 'berth-test-client-renamed')
      // dockerd runs the host's `ps`, which a peer in a small root of its own does not have.
      if (name === 'berthd') {
        const { Processes } = await containerTop(client, 'berth-test-client-renamed', undefined)
        assert.ok(Processes.some(row => row.join(' ').includes('sleep 100')))
      }
      for await (const sample of await containerStats(client, id, { follow: false, oneShot: true }))
        assert.ok((sample.pids_stats.current ?? 0) > 0)
      await killContainer(client, id, 'SIGTERM')
      await stopContainer(client, id, 0)
      await stopContainer(client, id, 0)
    })

    test('networks and volumes, by name and by filter', async () => {
      const label = { 'berth.test': 'client' }
      await createNetwork(client, { Name: 'berth-test-client', Driver: 'bridge', Internal: true, Labels: label })
      await createVolume(client, { Name: 'berth-test-client', Labels: label })
      try {
        assert.equal((await inspectNetwork(client, 'berth-test-client')).Internal, true)
        const filters = { name: ['berth-test-client', 'berth-test-other'] }
        assert.deepEqual(
          (await listNetworks(client, filters)).map(network => network.Name),
          ['berth-test-client'],
        )
        assert.deepEqual(
          (await listVolumes(client, filters)).map(volume => volume.Name),
          ['berth-test-client'],
        )
      } finally {
        await removeNetwork(client, 'berth-test-client')
        await removeVolume(client, 'berth-test-client')
      }
      await assert.rejects(inspectNetwork(client, 'berth-test-client'), isNotFound)
    })

    test('errors keep their kind: no such container, name in use', async () => {
      await assert.rejects(startContainer(client, 'berth-test-none'), {
        code: 'NOT_FOUND',
        message: 'No such container: berth-test-none',
      })
      const body = { Image: engine.image, Cmd: ['true'], Labels: { 'berth.test': 'client' } }
      await createContainer(client, 'berth-test-client-twice', body)
      await assert.rejects(createContainer(client, 'berth-test-client-twice', body), isConflict)
    })
  })
}

/** Everything that was written, by stream. */
async function collect(output: AsyncIterable<OutputChunk>): Promise<Readonly<Record<'stdout' | 'stderr', string>>> {
  const text = { stdout: '', stderr: '' }
  for await (const { stream, data } of output) text[stream] += data
  return text
}
