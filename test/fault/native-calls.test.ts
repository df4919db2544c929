import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
// All of them take half a minute on a quiet machine; a busy one does as many as it can.
const PATIENCE_SECONDS = 45

test("each system call of a container's life fails once, and nothing is lost or left", t => {
  const env = { ...process.env, FAULT_SECONDS: process.env['FAULT_SECONDS'] ?? `${PATIENCE_SECONDS}` }
  const { status, stdout, stderr } = spawnSync('make', ['-C', join(root, 'native'), '-s', '-j2', 'faults-test'], {
    encoding: 'utf8',
    env,
  })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /passed test-faults: \d+ tests/)
  t.diagnostic(stdout.trim().split('\n').at(-1) ?? '')
})
