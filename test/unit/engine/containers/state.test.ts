import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ContainerEvent,
  type ContainerState,
  initialState,
  isUp,
  next,
} from '../../../../engine/containers/state.ts'

const at = '2026-01-01T00:00:10Z'
const started: ContainerEvent = { kind: 'started', pid: 42, at: '2026-01-01T00:00:00Z', byPolicy: false }
const stays = { restarts: false, delayMs: 0 }
const exited = (decision = stays): ContainerEvent => ({ kind: 'exited', code: 3, oomKilled: false, at, decision })
const kinds = (events: readonly ContainerEvent[]): string[] => {
  let state = initialState
  let effects: string[] = []
  for (const event of events) {
    const step = next(state, event)
    state = step.state
    effects = step.effects.map(effect => (effect.kind === 'publish' ? effect.action : effect.kind))
  }
  return [state.status, ...effects]
}

test('a run from start to exit gives everything back, then tells those who wait', () => {
  assert.deepEqual(kinds([started]), ['running', 'start', 'armHealth'])
  assert.deepEqual(kinds([started, exited()]), [
    'exited',
    'disarmHealth',
    'releaseRuntime',
    'die',
    'notifyExit',
    'autoRemove',
  ])
  const { effects } = next(next(initialState, started).state, exited())
  assert.deepEqual(effects[2], { kind: 'publish', action: 'die', attributes: { exitCode: '3', execDuration: '10' } })
})

test('a restart by policy keeps the runtime and counts, a start by hand counts anew', () => {
  const again = { restarts: true, delayMs: 200 }
  assert.deepEqual(kinds([started, exited(again)]), [
    'restarting',
    'disarmHealth',
    'die',
    'scheduleRestart',
    'notifyExit',
  ])
  const restarting = next(next(initialState, started).state, exited(again)).state
  assert.equal(restarting.restartCount, 1)
  assert.equal(restarting.restartDelayMs, 200)
  const byPolicy = next(restarting, { ...started, byPolicy: true }).state
  assert.equal(byPolicy.restartCount, 1)
  assert.equal(next(byPolicy, { ...started, byPolicy: false }).state.restartCount, 0)
})

test('stopping one that waits for its next restart takes it down at once', () => {
  const again = { restarts: true, delayMs: 200 }
  assert.deepEqual(kinds([started, exited(again), { kind: 'stopRequested' }]), [
    'exited',
    'cancelRestart',
    'releaseRuntime',
    'notifyExit',
    'autoRemove',
  ])
})

test('a failed first start leaves it created with an exit code, a failed later one leaves it exited', () => {
  const failed: ContainerEvent = { kind: 'startFailed', error: 'no such file', exitCode: 127, at, decision: stays }
  const first = next(initialState, failed).state
  assert.deepEqual([first.status, first.exitCode, first.error], ['created', 127, 'no such file'])
  const later = next(next(next(initialState, started).state, exited()).state, failed).state
  assert.deepEqual([later.status, later.finishedAt], ['exited', at])
})

test('a restart that fails is tried again by its policy', () => {
  const again = { restarts: true, delayMs: 200 }
  const failed: ContainerEvent = { kind: 'startFailed', error: 'port in use', exitCode: 128, at, decision: again }
  assert.deepEqual(kinds([started, exited(again), failed]), ['restarting', 'die', 'releaseRuntime', 'scheduleRestart'])
})

test('an exit that is told twice is one exit', () => {
  const ended = next(next(initialState, started).state, exited()).state
  assert.deepEqual(next(ended, exited({ restarts: true, delayMs: 1 })), { state: ended, effects: [] })
})

test('whatever happens in whatever order, only a container that is up has a process', () => {
  const event = fc.oneof<fc.Arbitrary<ContainerEvent>[]>(
    fc.constant(started),
    fc.boolean().map(restarts => exited({ restarts, delayMs: 100 })),
    fc.constantFrom<ContainerEvent>(
      { kind: 'paused' },
      { kind: 'resumed' },
      { kind: 'stopRequested' },
      { kind: 'removing' },
    ),
    fc.constant<ContainerEvent>({ kind: 'startFailed', error: 'x', exitCode: 128, at, decision: stays }),
  )
  fc.assert(
    fc.property(fc.array(event), events => {
      const state = events.reduce((now: ContainerState, it) => next(now, it).state, initialState)
      assert.equal(isUp(state), state.pid !== 0)
    }),
  )
})
