import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { schedule } from '../../../../cli/apply/scheduler.ts'
import type { Op } from '../../../../cli/plan/plan.ts'
import { BerthError } from '../../../../schemas/errors.ts'

/** An op of which only the edges matter here; a name that begins with `wait` holds no slot. */
function opOf(key: string, needs: readonly string[] = [], after: readonly string[] = []): Op {
  const base = { key, needs, after, sign: '+' as const, why: [] }
  return key.startsWith('wait')
    ? { ...base, kind: 'wait', service: key, goal: 'healthy', containers: [] }
    : { ...base, kind: 'volume.remove', name: key }
}

const later = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const outcomesOf = async (results: ReturnType<typeof schedule>) =>
  Object.fromEntries(
    (await results).map(({ op, outcome }) => [
      op.key,
      outcome.kind === 'skipped' ? `skipped: ${outcome.because}` : outcome.kind,
    ]),
  )

test('each op runs once, after what it waits for, and never more at once than allowed', async () => {
  const graph = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 3 }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(graph, fc.integer({ min: 1, max: 4 }), async (rows, parallel) => {
      const ops = rows.map((row, index) =>
        opOf(
          `n${index}`,
          row.filter(to => to < index).map(to => `n${to}`),
        ),
      )
      const ended = new Set<string>()
      let running = 0
      const results = await schedule(ops, {
        parallel,
        execute: async ({ key, needs }) => {
          for (const need of needs) assert.ok(ended.has(need), `${key} before ${need}`)
          running += 1
          assert.ok(running <= parallel)
          await later()
          running -= 1
          assert.ok(!ended.has(key))
          ended.add(key)
        },
      })
      assert.deepEqual(
        results.map(({ op, outcome }) => [op.key, outcome.kind]),
        ops.map(({ key }) => [key, 'done']),
      )
    }),
    { numRuns: 60 },
  )
})

test('a failure skips what needs it, and blames the root cause; others go on', async () => {
  const ops = [opOf('a'), opOf('b', ['a']), opOf('c', ['b']), opOf('d'), opOf('e', [], ['a']), opOf('f', ['d', 'c'])]
  const results = schedule(ops, {
    parallel: 4,
    execute: async ({ key }) => {
      if (key === 'a') throw new BerthError('CONFLICT', 'no')
    },
  })
  assert.deepEqual(await outcomesOf(results), {
    a: 'failed',
    b: 'skipped: a',
    c: 'skipped: a',
    d: 'done',
    e: 'done',
    f: 'skipped: a',
  })
})

test('waiting holds no slot: with one slot, work goes on while ten ops wait', async () => {
  let release = (): void => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const waits = Array.from({ length: 10 }, (_, index) => opOf(`wait${index}`))
  const results = schedule([...waits, opOf('work')], {
    parallel: 1,
    execute: async ({ key }) => {
      if (key === 'work') release()
      else await gate
    },
  })
  assert.ok((await results).every(({ outcome }) => outcome.kind === 'done'))
})

test('once aborted, what runs is finished and nothing is begun', async () => {
  const controller = new AbortController()
  const begun: string[] = []
  const results = schedule([opOf('a'), opOf('b', ['a']), opOf('c')], {
    parallel: 1,
    signal: controller.signal,
    execute: async ({ key }) => {
      begun.push(key)
      controller.abort()
      await later()
    },
  })
  assert.deepEqual(await outcomesOf(results), { a: 'done', b: 'skipped: cancelled', c: 'skipped: cancelled' })
  assert.deepEqual(begun, ['a'])
})

test('an error that is none of ours is a failure too, with its message', async () => {
  const [result] = await schedule([opOf('a')], {
    parallel: 1,
    execute: async () => {
      throw new TypeError('x is not a function')
    },
  })
  assert.ok(result?.outcome.kind === 'failed')
  assert.equal(result.outcome.error.message, 'x is not a function')
})

test('no ops, no waiting', async () => {
  assert.deepEqual(await schedule([], { parallel: 1, execute: later }), [])
})
