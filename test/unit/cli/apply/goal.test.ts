import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeGoal } from '../../../../cli/apply/goal.ts'
import type { Goal } from '../../../../cli/plan/plan.ts'
import type { ContainerInspect } from '../../../../schemas/api/containers.ts'

interface Facts {
  readonly status: string
  readonly exitCode?: number
  readonly health?: string
  readonly policy?: string
  readonly isOomKilled?: boolean
  readonly probe?: string
  readonly restarts?: number
  readonly maxRetries?: number
}

function verdict(
  goal: Goal,
  { status, exitCode = 0, health, policy = 'no', isOomKilled = false, probe, restarts = 0, maxRetries = 0 }: Facts,
): string {
  const log = probe === undefined ? [] : [{ Output: probe }]
  const container = {
    State: {
      Status: status,
      ExitCode: exitCode,
      OOMKilled: isOomKilled,
      Error: '',
      ...(health !== undefined && { Health: { Status: health, Log: log } }),
    },
    RestartCount: restarts,
    HostConfig: { RestartPolicy: { Name: policy, MaximumRetryCount: maxRetries } },
  } as unknown as ContainerInspect
  const result = judgeGoal(goal, container)
  return result.kind === 'failed' ? result.reason : result.kind
}

test('ready: running without a health check, or healthy', () => {
  assert.equal(verdict('ready', { status: 'running' }), 'reached')
  assert.equal(verdict('ready', { status: 'running', health: 'healthy' }), 'reached')
  assert.equal(verdict('ready', { status: 'running', health: 'starting' }), 'pending')
  assert.equal(verdict('ready', { status: 'created' }), 'pending')
  assert.equal(verdict('ready', { status: 'restarting', exitCode: 1 }), 'pending')
})

test('ready: a job that exited with 0 has reached its goal, one with another code has failed', () => {
  assert.equal(verdict('ready', { status: 'exited' }), 'reached')
  assert.equal(verdict('ready', { status: 'exited', policy: 'on-failure' }), 'reached')
  assert.equal(verdict('ready', { status: 'exited', policy: 'always' }), 'exited (0)')
  assert.equal(verdict('ready', { status: 'exited', exitCode: 3 }), 'exited (3)')
  assert.equal(verdict('ready', { status: 'exited', exitCode: 137, isOomKilled: true }), 'exited (137) (out of memory)')
})

test('healthy: only a health check can say so', () => {
  assert.equal(verdict('healthy', { status: 'running', health: 'healthy' }), 'reached')
  assert.match(verdict('healthy', { status: 'running' }), /has no health check/)
  assert.equal(verdict('healthy', { status: 'exited' }), 'exited (0)')
  assert.equal(
    verdict('healthy', { status: 'running', health: 'unhealthy', probe: 'connecting\nrefused\n' }),
    'is unhealthy: refused',
  )
})

test('completed: ended with 0, and nothing else', () => {
  assert.equal(verdict('completed', { status: 'running', health: 'healthy' }), 'pending')
  assert.equal(verdict('completed', { status: 'exited' }), 'reached')
  assert.equal(verdict('completed', { status: 'exited', exitCode: 1 }), 'exited (1)')
})

test('a container that crashes again and again is given up; one that is up, or whose tries are numbered, is not', () => {
  const crashing = { status: 'restarting', exitCode: 3, policy: 'always', restarts: 5 }
  for (const goal of ['ready', 'healthy', 'completed'] as const) {
    assert.equal(verdict(goal, crashing), 'keeps crashing: restarted 5 times, last exited (3)')
  }
  assert.match(verdict('healthy', { ...crashing, status: 'running', health: 'starting' }), /keeps crashing/)
  assert.equal(verdict('ready', { ...crashing, restarts: 4 }), 'pending')
  assert.equal(verdict('ready', { ...crashing, status: 'running' }), 'reached')
  assert.equal(verdict('ready', { ...crashing, policy: 'on-failure', maxRetries: 9 }), 'pending')
})
