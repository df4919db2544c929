import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observed } from '../../../../cli/observe/observed.ts'
import type { DownOptions } from '../../../../cli/plan/options.ts'
import type { Plan } from '../../../../cli/plan/plan.ts'
import { planDown } from '../../../../cli/plan/plan-down.ts'
import { planLifecycle } from '../../../../cli/plan/plan-lifecycle.ts'
import { planUp } from '../../../../cli/plan/plan-up.ts'
import { projectOf } from '../../../support/project.ts'
import { nothing, simulate } from '../../../support/simulate.ts'

const text = `
name: p
services:
  db: {image: a, volumes: ["data:/data"]}
  cache: {image: a}
  api: {image: p-api, depends_on: {db: {condition: service_healthy}, cache: {condition: service_started}}}
  web: {image: a, depends_on: [api]}
volumes: {data: {}}
`
const project = projectOf(text)
const images = { a: { id: 'sha256:a' }, 'p-api': { id: 'sha256:b' } }
const up = simulate(planUp(project, nothing('p', images), {}, {}), nothing('p', images))
const down = (options: DownOptions = {}, observed: Observed = up): Plan => planDown(observed, undefined, options)
const op = ({ ops }: Plan, key: string) => ops.find(candidate => candidate.key === key)

test('levels go down one after the other, each at once; the labels alone say which', () => {
  const plan = down()
  assert.deepEqual(op(plan, 'container/p-web-1/stop')?.after, [])
  assert.deepEqual(op(plan, 'container/p-api-1/stop')?.after, ['container/p-web-1/stop'])
  for (const name of ['p-db-1', 'p-cache-1'])
    assert.deepEqual(op(plan, `container/${name}/stop`)?.after, ['container/p-api-1/stop'])
})

test('a stop that fails does not keep the rest up: order is not need', () => {
  for (const { kind, needs } of down().ops) if (kind === 'container.stop') assert.deepEqual(needs, [])
})

test('with no grace period there is one call for each container', () => {
  assert.deepEqual(
    down({ stopTimeoutSeconds: 0 }).ops.map(({ kind }) => kind),
    ['container.remove', 'container.remove', 'container.remove', 'container.remove', 'network.remove'],
  )
})

test('volumes only with -v, after the containers that use them', () => {
  assert.equal(op(down(), 'volume/p_data/remove'), undefined)
  assert.deepEqual(down({ removeVolumes: true }).ops.filter(({ kind }) => kind === 'volume.remove').length, 1)
})

test('a service of its own: its network stays while others are in it', () => {
  const plan = down({ services: ['web'] })
  assert.deepEqual(
    plan.ops.map(({ key }) => key),
    ['container/p-web-1/stop', 'container/p-web-1/remove'],
  )
})

test('what the file does not have stays and is told, or goes with --remove-orphans', () => {
  const smaller = projectOf('name: p\nservices: {db: {image: a}}\n')
  const plan = planDown(up, smaller, {})
  assert.deepEqual(
    plan.ops.map(({ key }) => key),
    ['container/p-db-1/stop', 'container/p-db-1/remove'],
  )
  assert.match(plan.warnings[0] ?? '', /p-web-1/)
  assert.equal(
    planDown(up, smaller, { removeOrphans: true }).ops.filter(({ kind }) => kind === 'container.remove').length,
    4,
  )
})

test("external networks and volumes are nobody's to remove", () => {
  const external = projectOf(text.replace('volumes: {data: {}}', 'volumes: {data: {external: true, name: p_data}}'))
  assert.equal(op(planDown(up, external, { removeVolumes: true }), 'volume/p_data/remove'), undefined)
})

test('stop goes dependents first, restart and start dependencies first, through services that need nothing done', () => {
  const stop = planLifecycle('stop', up, project, {})
  assert.deepEqual(op(stop, 'container/p-db-1/stop')?.after, ['container/p-api-1/stop'])
  const withoutApi = {
    ...up,
    containers: up.containers.map(item => (item.service === 'api' ? { ...item, state: 'exited' as const } : item)),
  }
  assert.deepEqual(op(planLifecycle('stop', withoutApi, project, {}), 'container/p-db-1/stop')?.after, [
    'container/p-web-1/stop',
  ])
  const stopped = simulate(stop, up)
  const start = planLifecycle('start', stopped, undefined, {})
  assert.deepEqual(op(start, 'container/p-api-1/start')?.needs, ['container/p-cache-1/start', 'wait/db/healthy'])
  assert.deepEqual(op(planLifecycle('restart', up, project, {}), 'container/p-web-1/restart')?.after, [
    'container/p-api-1/restart',
  ])
})

test('kill, pause, unpause and rm take only containers that they can apply to', () => {
  const paused = simulate(planLifecycle('pause', up, project, { services: ['web'] }), up)
  assert.deepEqual(planLifecycle('pause', paused, project, {}).ops.length, 3)
  assert.deepEqual(
    planLifecycle('unpause', paused, project, {}).ops.map(({ key }) => key),
    ['container/p-web-1/unpause'],
  )
  assert.deepEqual(planLifecycle('rm', up, project, {}).ops, [])
  assert.deepEqual(
    planLifecycle('rm', up, project, { stopFirst: true, services: ['web'] }).ops.map(({ kind }) => kind),
    ['container.stop', 'container.remove'],
  )
  assert.deepEqual(planLifecycle('kill', up, project, { killSignal: 'SIGHUP', services: ['db'] }).ops[0], {
    ...op(planLifecycle('kill', up, project, {}), 'container/p-db-1/kill'),
    signal: 'SIGHUP',
  })
  assert.throws(() => planLifecycle('stop', up, undefined, { services: ['nope'] }), { code: 'NOT_FOUND' })
})

test('containers that another file made under the same project name are never orphans to remove', () => {
  const made = (file: string): Observed => ({
    ...up,
    containers: up.containers.map(container => ({
      ...container,
      labels: { ...container.labels, 'com.docker.compose.project.config_files': file },
    })),
  })
  const other = projectOf('name: p\nservices: {only: {image: a}}\n')
  const [own = ''] = other.files
  const removed = ({ ops }: Plan) => ops.filter(({ kind }) => kind === 'container.remove').length
  for (const [file, count] of [
    [own, 4],
    ['/elsewhere/stack.yaml', 0],
  ] as const) {
    const upPlan = planUp(other, made(file), {}, { removeOrphans: true })
    assert.equal(removed(upPlan), count)
    assert.equal(removed(planDown(made(file), other, { removeOrphans: true })), count)
    if (count === 0) assert.match(upPlan.warnings.join(), /another file has made.*p-web-1 \(\/elsewhere/)
  }
})

test('what has no container cannot be started, in the words that Compose has for it', () => {
  const start = (services: readonly string[], observed: Observed) => () =>
    planLifecycle('start', observed, project, { services })
  const withoutDb = { ...up, containers: up.containers.filter(({ service }) => service !== 'db') }
  assert.throws(start(['db'], withoutDb), { code: 'NOT_FOUND', message: 'service "db" has no container to start' })
  assert.doesNotThrow(start([], withoutDb))
  assert.throws(start([], { ...up, containers: [] }), { message: /^service "\w+" has no container to start$/ })
})
