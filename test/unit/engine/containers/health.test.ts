import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthPlan, judge } from '../../../../engine/containers/health.ts'

test('defaults, the shell form, and what turns probing off', () => {
  const shell = ['/bin/sh', '-c']
  assert.equal(healthPlan(undefined, shell), undefined)
  assert.equal(healthPlan({ Test: ['NONE'] }, shell), undefined)
  assert.equal(healthPlan({ Test: [] }, shell), undefined)
  assert.deepEqual(healthPlan({ Test: ['CMD-SHELL', 'a && b'], Interval: 1_500_000_000 }, shell), {
    args: ['/bin/sh', '-c', 'a && b'],
    intervalMs: 1500,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5000,
    retries: 3,
  })
})

test('failures count after the start period, and a success clears them', () => {
  const starting = { status: 'starting', failingStreak: 0 } as const
  assert.deepEqual(judge(starting, 1, true, 2), starting)
  const once = judge(starting, 1, false, 2)
  assert.deepEqual(once, { status: 'starting', failingStreak: 1 })
  assert.deepEqual(judge(once, 1, false, 2), { status: 'unhealthy', failingStreak: 2 })
  assert.deepEqual(judge({ status: 'unhealthy', failingStreak: 9 }, 0, false, 2), {
    status: 'healthy',
    failingStreak: 0,
  })
  assert.deepEqual(judge({ status: 'healthy', failingStreak: 0 }, 1, true, 2), { status: 'healthy', failingStreak: 1 })
})
