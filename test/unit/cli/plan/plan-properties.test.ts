import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { createDag, findCycle } from '../../../../cli/graph/dag.ts'
import type { Observed } from '../../../../cli/observe/observed.ts'
import type { Plan } from '../../../../cli/plan/plan.ts'
import { planDown } from '../../../../cli/plan/plan-down.ts'
import { planUp } from '../../../../cli/plan/plan-up.ts'
import { projectOf } from '../../../support/project.ts'
import { nothing, simulate } from '../../../support/simulate.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const images: Observed['images'] = { one: { id: 'sha256:1' }, two: { id: 'sha256:2' } }

type Tree = Readonly<Record<string, unknown>>

/** Stacks of up to six services: dependencies of every kind on services with smaller names, shared namespaces, networks, volumes, scales. */
const stack: fc.Arbitrary<Tree> = fc
  .tuple(
    fc.array(
      fc.record({
        image: fc.constantFrom('one', 'two'),
        value: fc.constantFrom('1', '2', '3'),
        scale: fc.integer({ min: 0, max: 3 }),
        networks: fc.subarray(['front', 'back']),
        hasVolume: fc.boolean(),
        dependsOn: fc.array(
          fc.record({
            to: fc.nat({ max: 5 }),
            condition: fc.constantFrom('service_started', 'service_healthy', 'service_completed_successfully'),
            restart: fc.boolean(),
            required: fc.boolean(),
          }),
          { maxLength: 3 },
        ),
        joins: fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 4 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([rows, isFrontInternal, isBackInternal]) => {
    const services = rows.map((row, index) => {
      const joined = row.joins !== undefined && row.joins < index ? names[row.joins] : undefined
      const dependencies = row.dependsOn.filter(({ to }) => to < index).map(({ to, ...rest }) => [names[to], rest])
      return [
        names[index],
        {
          image: row.image,
          environment: { V: row.value },
          scale: row.scale,
          ...(dependencies.length > 0 && { depends_on: Object.fromEntries(dependencies) }),
          ...(row.hasVolume && { volumes: ['data:/data'] }),
          ...(joined !== undefined
            ? { network_mode: `service:${joined}` }
            : row.networks.length > 0 && { networks: row.networks }),
        },
      ]
    })
    return {
      name: 'p',
      services: Object.fromEntries(services),
      networks: { front: { internal: isFrontInternal }, back: { internal: isBackInternal } },
      volumes: { data: {} },
    }
  })

const options = fc.record({
  recreate: fc.constantFrom('diverged' as const, 'force' as const, 'never' as const),
  wait: fc.boolean(),
  removeOrphans: fc.boolean(),
})

const upOf = (tree: Tree, observed: Observed, choices = {}): Plan =>
  planUp(projectOf(stringify(tree)), observed, {}, choices)

/** Two stacks one after the other, and some containers that have come to harm in between. */
const history = fc.tuple(
  stack,
  stack,
  fc.array(fc.constantFrom('exited', 'paused', 'created', 'gone'), { maxLength: 4 }),
)

function lived(first: Tree, harm: readonly string[]): Observed {
  const up = simulate(upOf(first, nothing('p', images)), nothing('p', images))
  const containers = up.containers.flatMap((container, index) => {
    const fate = harm[index]
    if (fate === 'gone') return []
    return fate === undefined
      ? [container]
      : [{ ...container, state: fate as 'exited', exitCode: fate === 'exited' ? 1 : undefined }]
  })
  return { ...up, containers }
}

test('from any state, applying the plan leaves nothing to do (but what stays as it is by choice)', () => {
  fc.assert(
    fc.property(history, options, ([first, second, harm], choices) => {
      const before = lived(first, harm)
      const afterwards = simulate(upOf(second, before, choices), before)
      const again = upOf(second, afterwards, {
        ...choices,
        recreate: choices.recreate === 'never' ? 'never' : 'diverged',
      })
      assert.deepEqual(
        again.ops.filter(op => op.sign !== ' ').map(op => op.key),
        [],
      )
    }),
    { numRuns: 50 },
  )
})

/** c goes down before a is replaced, and joins b, which is made in this plan and waits for the new a. Once found by chance. */
const joinedToMade: [Tree, Tree, ('exited' | 'paused' | 'created' | 'gone')[]] = [
  { name: 'p', services: { a: { image: 'one' }, c: { image: 'one' } } },
  {
    name: 'p',
    services: {
      a: { image: 'one' },
      b: { image: 'one', network_mode: 'service:a' },
      c: {
        image: 'one',
        network_mode: 'service:b',
        depends_on: { a: { condition: 'service_started', restart: true } },
      },
    },
  },
  [],
]

test('ops wait for ops of the plan only, without a cycle, and each key is there once', () => {
  fc.assert(
    fc.property(history, options, ([first, second, harm], choices) => {
      const { ops } = upOf(second, lived(first, harm), choices)
      assert.equal(new Set(ops.map(op => op.key)).size, ops.length)
      const dag = createDag(
        ops.map(op => [op.key, op] as const),
        op => [...op.needs, ...op.after],
      )
      assert.equal(findCycle(dag), undefined)
      for (const op of ops) for (const need of op.needs) assert.ok(dag.nodes.has(need), `${op.key} needs ${need}`)
      for (const op of ops)
        if (op.partOf !== undefined) assert.ok(dag.nodes.has(op.partOf), `${op.key} is part of ${op.partOf}`)
    }),
    { numRuns: 25, examples: [[joinedToMade, { recreate: 'force', wait: false, removeOrphans: false }]] },
  )
})

test('the order of keys in the file changes nothing', () => {
  fc.assert(
    fc.property(stack, fc.infiniteStream(fc.nat()), (tree, random) => {
      const turned = shuffled(tree, () => random.next().value ?? 0) as Tree
      const withoutPlaces = (plan: Plan): string => JSON.stringify(plan)
      assert.equal(withoutPlaces(upOf(turned, nothing('p', images))), withoutPlaces(upOf(tree, nothing('p', images))))
    }),
    { numRuns: 15 },
  )
})

test('down leaves no container and no network, and keeps volumes', () => {
  fc.assert(
    fc.property(history, ([first, , harm]) => {
      const before = lived(first, harm)
      const gone = simulate(planDown(before, undefined, {}), before)
      assert.deepEqual([gone.containers, gone.networks, gone.volumes], [[], {}, before.volumes])
      const wiped = simulate(
        planDown(before, projectOf(stringify(first)), { removeVolumes: true, stopTimeoutSeconds: 0 }),
        before,
      )
      assert.deepEqual([wiped.containers, wiped.networks, wiped.volumes], [[], {}, {}])
    }),
    { numRuns: 15 },
  )
})

function shuffled(value: unknown, random: () => number): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [random(), key, shuffled(inner, random)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, key, inner]) => [key, inner]))
}
