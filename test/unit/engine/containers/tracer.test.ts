import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Container } from '../../../../engine/containers/container.ts'
import { Tracer } from '../../../../engine/containers/tracer.ts'
import { NativeConnection } from '../../../../engine/runtime/connection.ts'
import { encodeFrame, FrameDecoder } from '../../../../engine/runtime/frames.ts'
import { currentTrace, markStage, monotonicNs } from '../../../../engine/runtime/trace.ts'
import type { LifeTrace } from '../../../../schemas/api/berth.ts'

const container = { record: { id: 'abc', name: 'web' } } as unknown as Container

/** A native process that answers each request at once, with stamps where they are asked for. */
function nativeProcess(peer: string) {
  const [toPeer, fromPeer] = [new PassThrough(), new PassThrough()]
  const requests: Record<string, unknown>[] = []
  const decoder = new FrameDecoder()
  toPeer.on('data', chunk => {
    decoder.push(chunk)
    const request = decoder.next() as Record<string, unknown>
    requests.push(request)
    const trace = request['trace']
      ? {
          trace: [
            ['received', monotonicNs()],
            ['work', monotonicNs()],
          ],
        }
      : {}
    fromPeer.write(encodeFrame({ id: request['id'], ok: {}, ...trace }))
  })
  return { connection: NativeConnection.over(fromPeer, toPeer, peer), requests }
}

test('without a listener nothing is traced, and no request says so', async () => {
  const tracer = new Tracer(() => 0)
  const { connection, requests } = nativeProcess('netd')
  await tracer.start(container, async () => {
    assert.equal(currentTrace(), undefined)
    await connection.request({ op: 'attach' })
  })
  assert.deepEqual(requests, [{ id: 1, op: 'attach' }])
})

test('a start is told with the stages of the engine and of whom it asked', async () => {
  const tracer = new Tracer(() => 0)
  const told: LifeTrace[] = []
  const end = tracer.subscribe(trace => told.push(trace))
  const netd = nativeProcess('netd')
  const worker = nativeProcess('the layer worker')
  await tracer.start(container, async () => {
    markStage('first')
    await Promise.all([netd.connection.request({ op: 'attach' }), worker.connection.request({ op: 'mount' })])
    markStage('second')
  })
  end()
  await tracer.start(container, async () => assert.equal(currentTrace(), undefined))
  assert.equal(told.length, 1)
  const [{ Action, ContainerName, Stages } = { Action: '', ContainerName: '', Stages: [] }] = told
  assert.deepEqual([Action, ContainerName], ['start', 'web'])
  assert.deepEqual(Stages.map(({ Process, Stage }) => `${Process} ${Stage}`).sort(), [
    'engine first',
    'engine hears netd',
    'engine second',
    'engine state and events',
    'netd received',
    'netd work',
  ])
  assert.equal(worker.requests[0]?.['trace'], undefined, 'who does not stamp is not asked to')
})

test('the exit that a stop waits for belongs to it; one that nobody asked for is a trace of its own', async () => {
  const tracer = new Tracer(() => 0)
  const told: LifeTrace[] = []
  tracer.subscribe(trace => told.push(trace))
  await tracer.stop('stop', container, async () => {
    markStage('signals')
    await tracer.exit(
      container,
      [
        ['exited', monotonicNs()],
        ['drain', monotonicNs()],
      ],
      async () => markStage('releases'),
    )
  })
  await tracer.exit(container, [], async () => markStage('releases'))
  assert.deepEqual(
    told.map(({ Action }) => Action),
    ['stop', 'exit'],
  )
  const stages = told.map(({ Stages }) => Stages.map(({ Stage }) => Stage))
  assert.ok(
    ['signals', 'drain', 'releases'].every(stage => stages[0]?.includes(stage)),
    String(stages[0]),
  )
  assert.deepEqual(stages[1], ['releases', 'state and events'])
})

test('a failed start is told too, and what still runs in it notes nothing more', async () => {
  const tracer = new Tracer(() => 0)
  const told: LifeTrace[] = []
  tracer.subscribe(trace => told.push(trace))
  let late: () => void = () => {}
  const rest = new Promise<void>(resolve => {
    late = resolve
  })
  let ended: Promise<void> | undefined
  await assert.rejects(
    tracer.start(container, async () => {
      ended = rest.then(() => markStage('late'))
      throw new Error('no')
    }),
    /no/,
  )
  late()
  await ended
  assert.deepEqual(
    told[0]?.Stages.map(({ Stage }) => Stage),
    ['state and events'],
  )
})
