import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closure, createDag, type Dag, findCycle, reduced, reversed, waves } from '../../../../cli/graph/dag.ts'

/** `{a: ['b']}`: a needs b. */
const graphOf = (needs: Readonly<Record<string, readonly string[]>>): Dag<readonly string[]> =>
  createDag(Object.entries(needs), list => list)

/** Random graphs without cycles: a node needs only nodes with smaller numbers. */
const acyclic = fc
  .array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { maxLength: 15 })
  .map(rows =>
    graphOf(
      Object.fromEntries(rows.map((row, index) => [`n${index}`, row.filter(to => to < index).map(to => `n${to}`)])),
    ),
  )

test('waves hold everything once, after all that it needs, and as early as can be', () => {
  fc.assert(
    fc.property(acyclic, dag => {
      const waveOf = new Map(waves(dag).flatMap((wave, index) => wave.map(key => [key, index] as const)))
      assert.equal(waveOf.size, dag.nodes.size)
      for (const [key, needs] of dag.needs) {
        assert.equal(
          waveOf.get(key),
          needs.length === 0 ? 0 : Math.max(...needs.map(need => waveOf.get(need) ?? Number.NaN)) + 1,
        )
      }
    }),
  )
})

test('a reduced graph reaches the same nodes with no needless arrow', () => {
  fc.assert(
    fc.property(acyclic, dag => {
      const small = reduced(dag)
      for (const key of dag.nodes.keys()) {
        assert.deepEqual([...closure(small, [key])].sort(), [...closure(dag, [key])].sort())
        const needs = small.needs.get(key) ?? []
        for (const need of needs) {
          const others = needs.filter(other => other !== need)
          assert.equal(closure(small, others).has(need), false, `${key} -> ${need} follows from another arrow`)
        }
      }
    }),
  )
})

test('turning round twice gives the same arrows', () => {
  fc.assert(
    fc.property(acyclic, dag => {
      const twice = reversed(reversed(dag))
      for (const [key, needs] of dag.needs)
        assert.deepEqual([...(twice.needs.get(key) ?? [])].sort(), [...needs].sort())
    }),
  )
})

test('a cycle is given as the path around it; its members and their dependents are in no wave', () => {
  const dag = graphOf({ a: [], b: ['a', 'd'], c: ['b'], d: ['c'], e: ['d'] })
  assert.deepEqual(findCycle(dag), ['b', 'd', 'c', 'b'])
  assert.deepEqual(waves(dag), [['a']])
  assert.deepEqual(findCycle(graphOf({ a: ['a'] })), ['a', 'a'])
  assert.equal(findCycle(graphOf({ a: ['b', 'c'], b: ['c'], c: [] })), undefined)
})

test('a chain of ten thousand is no problem', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`n${index}`, index === 0 ? [] : [`n${index - 1}`]]),
  )
  const dag = graphOf(chain)
  assert.equal(findCycle(dag), undefined)
  assert.equal(waves(dag).length, 10_000)
})

test('needs of things that are not there are left out', () => {
  assert.deepEqual([...graphOf({ a: ['ghost'] }).needs], [['a', []]])
})
