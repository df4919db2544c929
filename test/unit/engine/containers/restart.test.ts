import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideOom,
  decideRestart,
  defaultOomPolicy,
  type ExitFacts,
  killsAllOnOom,
  type OomFacts,
  type RestartPolicy,
  restartsAtBoot,
} from '../../../../engine/containers/restart.ts'
import type { OomPolicy } from '../../../../schemas/api/berth.ts'

const policy = (name: RestartPolicy['name'], maxRetries = 0): RestartPolicy => ({ name, maxRetries })
const facts = (more: Partial<ExitFacts> = {}): ExitFacts => ({
  exitCode: 1,
  ranForMs: 0,
  restartCount: 0,
  lastDelayMs: 0,
  isManuallyStopped: false,
  ...more,
})

test('the delay doubles from 100 ms to a minute and falls back after a calm run', () => {
  const delays: number[] = []
  let lastDelayMs = 0
  for (let run = 0; run < 12; run++) {
    lastDelayMs = decideRestart(policy('always'), facts({ lastDelayMs })).delayMs
    delays.push(lastDelayMs)
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
  assert.equal(decideRestart(policy('always'), facts({ lastDelayMs, ranForMs: 10_000 })).delayMs, 100)
})

test('each policy restarts what it should', () => {
  const restarts = (it: RestartPolicy, more: Partial<ExitFacts> = {}): boolean =>
    decideRestart(it, facts(more)).restarts
  assert.equal(restarts(policy('no')), false)
  assert.equal(restarts(policy('always'), { exitCode: 0 }), true)
  assert.equal(restarts(policy('unless-stopped')), true)
  assert.equal(restarts(policy('on-failure'), { exitCode: 0 }), false)
  assert.equal(restarts(policy('on-failure'), { restartCount: 99 }), true)
  assert.equal(restarts(policy('on-failure', 2), { restartCount: 1 }), true)
  assert.equal(restarts(policy('on-failure', 2), { restartCount: 2 }), false)
  for (const name of ['always', 'unless-stopped', 'on-failure'] as const) {
    assert.equal(restarts(policy(name), { isManuallyStopped: true }), false, name)
  }
})

test('after a boot: always even when stopped by hand, unless-stopped only when not', () => {
  const stopped = { wasUp: false, isManuallyStopped: true }
  assert.equal(restartsAtBoot(policy('always'), stopped), true)
  assert.equal(restartsAtBoot(policy('unless-stopped'), stopped), false)
  assert.equal(restartsAtBoot(policy('unless-stopped'), { wasUp: true, isManuallyStopped: false }), true)
  assert.equal(restartsAtBoot(policy('no'), { wasUp: true, isManuallyStopped: false }), false)
})

const oom = (more: Partial<OomPolicy> = {}): OomPolicy => ({ ...defaultOomPolicy(policy('always')), ...more })
const oomFacts = (more: Partial<OomFacts> = {}): OomFacts => ({
  ...facts({ exitCode: 137 }),
  now: 1_000_000,
  oomRestarts: [],
  memoryBytes: 64 << 20,
  restartPolicy: policy('always'),
  ...more,
})

test('only a container that restarts at all is killed as a whole by default', () => {
  assert.equal(killsAllOnOom(defaultOomPolicy(policy('always'))), true)
  assert.equal(killsAllOnOom(defaultOomPolicy(policy('no'))), false)
  assert.equal(killsAllOnOom(oom({ scope: 'process' })), false)
})

test('restarts back off, count within the window, and end with a reason', () => {
  const second = decideOom(oom(), oomFacts({ oomRestarts: [999_000] }))
  assert.equal(second.restart.delayMs, 200)
  assert.deepEqual(second.restart.oomRestarts, [999_000, 1_000_000])
  const outside = decideOom(oom({ windowMs: 500 }), oomFacts({ oomRestarts: [1, 2, 3, 4, 5] }))
  assert.deepEqual(
    [outside.decision, outside.restart.delayMs, outside.restart.oomRestarts],
    ['restart', 100, [1_000_000]],
  )
  const over = decideOom(oom(), oomFacts({ oomRestarts: [1, 2, 3, 4, 5].map(n => 999_000 + n) }))
  assert.equal(over.decision, 'give-up')
  assert.equal(over.restart.restarts, false)
  assert.equal(over.restart.error, 'out of memory again after 5 restarts within 10m')
})

test('a calm run resets the delay, not the count', () => {
  const calm = decideOom(oom(), oomFacts({ oomRestarts: [998_000, 999_000], ranForMs: 60_000 }))
  assert.equal(calm.restart.delayMs, 100)
  assert.equal(calm.restart.oomRestarts?.length, 3)
})

test('growing rounds up to pages, stops at its limit, and needs a limit to grow', () => {
  const grow = { factor: 1.5, limitBytes: 100 << 20 }
  const grown = (memoryBytes: number) => decideOom(oom({ grow }), oomFacts({ memoryBytes })).restart.memoryBytes
  assert.equal(grown(64 << 20), 96 << 20)
  assert.equal(grown(10_000_000), 15_003_648)
  assert.equal(grown(90 << 20), 100 << 20)
  assert.equal(grown(100 << 20), undefined)
  assert.equal(grown(0), undefined)
})

test('stop says why, ignore falls back to the restart policy, a stop by hand stays a stop', () => {
  const stop = decideOom(oom({ action: 'stop' }), oomFacts())
  assert.deepEqual([stop.decision, stop.restart.restarts], ['stop', false])
  assert.match(stop.restart.error ?? '', /x-oom.action is stop/)
  const ignore = decideOom(oom({ action: 'ignore' }), oomFacts())
  assert.deepEqual([ignore.decision, ignore.restart.restarts], ['ignore', true])
  assert.equal(decideOom(oom(), oomFacts({ isManuallyStopped: true })).restart.restarts, false)
  const spent = oomFacts({ restartPolicy: policy('on-failure', 2), restartCount: 2 })
  assert.equal(decideOom(oom(), spent).decision, 'give-up')
})
