import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observed } from '../../../../cli/observe/observed.ts'
import type { UpOptions } from '../../../../cli/plan/options.ts'
import type { Plan } from '../../../../cli/plan/plan.ts'
import { planUp } from '../../../../cli/plan/plan-up.ts'
import { specLabel } from '../../../../cli/plan/spec.ts'
import { projectOf } from '../../../support/project.ts'
import { nothing, simulate } from '../../../support/simulate.ts'

const images = { a: { id: 'sha256:a' }, b: { id: 'sha256:b' } }
const plan = (text: string, observed: Observed, options: UpOptions = {}, digests = {}): Plan =>
  planUp(projectOf(text), observed, digests, options)
/** What is there after `up` of a file on an empty engine. */
const after = (text: string, digests = {}): Observed =>
  simulate(plan(text, nothing('p', images), {}, digests), nothing('p', images))
const keys = ({ ops }: Plan): string[] => ops.map(op => `${op.sign}${op.key}`)
const fieldsOf = ({ ops }: Plan) => ops.flatMap(op => op.why.flatMap(({ field }) => field ?? []))
const change = (observed: Observed, name: string, fields: Partial<Observed['containers'][number]>): Observed => ({
  ...observed,
  containers: observed.containers.map(container => (container.name === name ? { ...container, ...fields } : container)),
})

const two = `
name: p
services:
  db: {image: a, command: [serve], volumes: ["data:/data"]}
  web: {image: b, depends_on: [db], environment: {A: "1"}}
volumes: {data: {}}
`

test('an empty engine: network, volume, containers, and the starts after those of their dependencies', () => {
  const made = plan(two, nothing('p', images))
  assert.deepEqual(keys(made).sort(), [
    '+container/p-db-1/create',
    '+container/p-db-1/start',
    '+container/p-web-1/create',
    '+container/p-web-1/start',
    '+network/p_default/create',
    '+volume/p_data/create',
  ])
  const start = made.ops.find(op => op.key === 'container/p-web-1/start')
  assert.deepEqual(start?.needs, ['container/p-web-1/create', 'container/p-db-1/start'])
})

test('up again: nothing to do, and the running containers are named as unchanged', () => {
  const again = plan(two, after(two))
  assert.deepEqual(keys(again), [])
  assert.deepEqual(
    again.unchanged.map(({ name }) => name),
    ['p-db-1', 'p-web-1'],
  )
})

test('a changed value recreates its service alone, and says field, old and new value, file and line', () => {
  const changed = plan(two.replace('A: "1"', 'A: "2"'), after(two))
  assert.deepEqual(keys(changed), [
    '±container/p-web-1/create',
    '-container/p-web-1/stop',
    '-container/p-web-1/remove',
    '+container/p-web-1/rename',
    '+container/p-web-1/start',
  ])
  assert.deepEqual(fieldsOf(changed), [
    {
      path: 'services.web.environment.A',
      before: '1',
      after: '2',
      position: { file: '/stack/stack.yaml', line: 5, column: 51 },
    },
  ])
})

test('the replacement is made beside the old one under a temporary name', () => {
  const observed = after(two)
  const create = plan(two.replace('A: "1"', 'A: "2"'), observed).ops[0]
  const old = observed.containers.find(({ name }) => name === 'p-web-1')
  assert.ok(create?.kind === 'container.create')
  assert.equal(create.createName, `${old?.id.slice(0, 12)}_p-web-1`)
  assert.equal(create.name, 'p-web-1')
})

test('a value that is gone, one that is new, and a limit from `deploy`', () => {
  const base = 'name: p\nservices:\n  web:\n    image: a\n    hostname: h\n'
  const changed = plan(
    'name: p\nservices:\n  web:\n    image: a\n    deploy:\n      resources: {limits: {memory: 64m}}\n',
    after(base),
  )
  assert.deepEqual(
    fieldsOf(changed).map(({ path, before, after: now, position }) => [path, before, now, position?.line]),
    [
      ['services.web.hostname', 'h', undefined, 3],
      ['services.web.mem_limit', undefined, 67108864, 6],
    ],
  )
})

test('a config hash that differs is no reason when what it was made from does not', () => {
  const observed = after(two)
  const other = observed.containers.map(container => ({
    ...container,
    labels: { ...container.labels, 'com.docker.compose.config-hash': 'x' },
  }))
  assert.deepEqual(keys(plan(two, { ...observed, containers: other })), [])
})

test('a spec in another key order, as another version may write it, is the same spec', () => {
  const observed = after(two)
  const turned = observed.containers.map(container => {
    const spec = Object.fromEntries(Object.entries(JSON.parse(container.labels[specLabel] ?? '')).reverse())
    return { ...container, labels: { ...container.labels, [specLabel]: JSON.stringify(spec) } }
  })
  assert.deepEqual(keys(plan(two, { ...observed, containers: turned })), [])
})

test('changed content of a secret recreates, names the secret, and shows no content', () => {
  const text = `
name: p
services: {web: {image: a, secrets: [{source: s, uid: "103", gid: "104", mode: 0400}]}}
secrets: {s: {file: ./s.txt}}
`
  const project = projectOf(text, { '/stack/s.txt': 'x' })
  const first = planUp(project, nothing('p', images), { 'secret:s': 'aa' }, {})
  const again = planUp(project, simulate(first, nothing('p', images)), { 'secret:s': 'bb' }, {})
  const create = again.ops[0]
  assert.equal(create?.sign, '±')
  assert.equal(create?.why[0]?.text, 'the content of secret s changed')
  assert.ok(create?.kind === 'container.create')
  assert.deepEqual(create.files, [
    { kind: 'secret', source: 's', path: '/run/secrets/s', uid: 103, gid: 104, mode: 0o400 },
  ])
})

test('a tag that means another image now recreates', () => {
  const moved = plan(two, { ...after(two), images: { ...images, a: { id: 'sha256:new' } } })
  assert.deepEqual(
    keys(moved).filter(key => key.startsWith('±')),
    ['±container/p-db-1/create'],
  )
  assert.equal(fieldsOf(moved)[0]?.after, 'sha256:new')
})

test('a container that another tool made is made anew', () => {
  const observed = after(two)
  const foreign = change(observed, 'p-db-1', {
    labels: { 'com.docker.compose.project': 'p', 'com.docker.compose.config-hash': 'x' },
  })
  assert.match(plan(two, foreign).ops[0]?.why[0]?.text ?? '', /made by another tool/)
})

test('a container that docker compose made of the same file stays as it is', () => {
  const observed = after(two)
  const made = observed.containers.find(({ name }) => name === 'p-db-1')
  const { [specLabel]: _, ...labels } = made?.labels ?? {}
  assert.ok(labels['com.docker.compose.config-hash'])
  assert.deepEqual(keys(plan(two, change(observed, 'p-db-1', { labels }))), [])
})

test('policies: force recreates the named service, its dependencies only with alwaysRecreateDeps; never recreates nothing', () => {
  const recreated = (options: UpOptions, text = two) =>
    keys(plan(text, after(two), options)).filter(key => key.startsWith('±'))
  assert.deepEqual(recreated({ recreate: 'force' }).length, 2)
  assert.deepEqual(recreated({ recreate: 'force', services: ['web'] }), ['±container/p-web-1/create'])
  assert.deepEqual(recreated({ recreate: 'force', services: ['web'], alwaysRecreateDeps: true }).length, 2)
  assert.deepEqual(recreated({ recreate: 'never' }, two.replace('A: "1"', 'A: "2"')), [])
})

test('scale: up fills the next numbers, down takes outdated ones first and then the highest', () => {
  const text = 'name: p\nservices: {web: {image: a, environment: {V: "1"}}}\n'
  const three = simulate(plan(text, nothing('p', images), { scale: { web: 3 } }), nothing('p', images))
  assert.deepEqual(
    three.containers.map(({ name }) => name),
    ['p-web-1', 'p-web-2', 'p-web-3'],
  )
  const outdated = change(three, 'p-web-1', { labels: { ...three.containers[0]?.labels, [specLabel]: '{}' } })
  assert.deepEqual(keys(plan(text, outdated, { scale: { web: 1 } })).sort(), [
    '-container/p-web-1/remove',
    '-container/p-web-1/stop',
    '-container/p-web-3/remove',
    '-container/p-web-3/stop',
  ])
  const four = keys(plan(text, outdated, { scale: { web: 4 }, recreate: 'never' }))
  assert.deepEqual(four, ['+container/p-web-4/create', '+container/p-web-4/start'])
})

test('restart: true: the dependent goes down before its dependency is replaced, and comes up after it', () => {
  const text = two.replace('depends_on: [db]', 'depends_on: {db: {condition: service_started, restart: true}}')
  const changed = plan(text.replace('[serve]', '[serve, more]'), after(text))
  const order = changed.ops.map(op => op.key)
  const at = (key: string): number => order.indexOf(key)
  assert.ok(at('container/p-web-1/stop') >= 0 && at('container/p-web-1/stop') < at('container/p-db-1/stop'))
  assert.ok(at('container/p-db-1/start') < at('container/p-web-1/start'))
  assert.equal(changed.ops.find(op => op.key === 'container/p-web-1/start')?.sign, '~')
  const without = plan(two.replace('[serve]', '[serve, more]'), after(two))
  assert.deepEqual(
    without.unchanged.map(({ name }) => name),
    ['p-web-1'],
  )
})

test('what lives in the network namespace of a replaced container is replaced with it', () => {
  const text = 'name: p\nservices:\n  vpn: {image: a, command: [one]}\n  app: {image: b, network_mode: "service:vpn"}\n'
  const changed = plan(text.replace('[one]', '[two]'), after(text))
  assert.deepEqual(
    changed.ops.filter(op => op.sign === '±').map(op => op.key),
    ['container/p-vpn-1/create', 'container/p-app-1/create'],
  )
  assert.deepEqual(keys(plan(text.replace('[one]', '[two]'), simulate(changed, after(text)))), [])
})

test('a changed network takes its containers away first, and nobody else', () => {
  const text = `
name: p
services:
  web: {image: a, networks: [front]}
  db: {image: b, networks: [back]}
networks: {front: {internal: INTERNAL}, back: {}}
`
  const before = after(text.replace('INTERNAL', 'false'))
  const changed = plan(text.replace('INTERNAL', 'true'), before)
  assert.deepEqual(keys(changed), [
    '-container/p-web-1/stop',
    '-container/p-web-1/remove',
    '-network/p_front/remove',
    '±network/p_front/create',
    '±container/p-web-1/create',
    '+container/p-web-1/start',
  ])
  assert.deepEqual(keys(plan(text.replace('INTERNAL', 'true'), simulate(changed, before))), [])
})

const jobs = `
name: p
services:
  db: {image: a}
  migrate: {image: b, depends_on: {db: {condition: service_healthy}}}
  web: {image: b, environment: {A: "1"}, depends_on: {migrate: {condition: service_completed_successfully}}}
`

test('conditions become waits that the starts need', () => {
  const made = plan(jobs, nothing('p', images))
  const needs = Object.fromEntries(made.ops.map(op => [op.key, op.needs]))
  assert.deepEqual(needs['container/p-migrate-1/start'], ['container/p-migrate-1/create', 'wait/db/healthy'])
  assert.deepEqual(needs['wait/migrate/completed'], ['container/p-migrate-1/start'])
  assert.deepEqual(needs['container/p-web-1/start'], ['container/p-web-1/create', 'wait/migrate/completed'])
})

test('a job that has done its work runs again only when something that waits for it is about to start', () => {
  const done = after(jobs)
  assert.deepEqual(keys(plan(jobs, done)), [])
  const changed = keys(plan(jobs.replace('A: "1"', 'A: "2"'), done))
  assert.ok(changed.includes('~container/p-migrate-1/start'))
  const failed = change(done, 'p-migrate-1', { exitCode: 1 })
  assert.deepEqual(keys(plan(jobs, failed)), [' wait/db/healthy', '~container/p-migrate-1/start'])
})

test('stopped, created and paused containers are started as they are', () => {
  const observed = after(two)
  for (const state of ['exited', 'created'] as const) {
    assert.deepEqual(keys(plan(two, change(observed, 'p-web-1', { state }))), ['~container/p-web-1/start'])
  }
  assert.deepEqual(keys(plan(two, change(observed, 'p-web-1', { state: 'paused' }))), ['~container/p-web-1/unpause'])
  assert.deepEqual(keys(plan(two, change(observed, 'p-web-1', { state: 'exited' }), { noStart: true })), [])
})

test('--wait waits for every service, a job for its end', () => {
  const waits = plan(jobs, after(jobs), { wait: true }).ops.map(op => op.key)
  assert.deepEqual(waits.sort(), ['wait/db/ready', 'wait/migrate/completed', 'wait/web/ready'])
})

test('optional dependencies order, but do not hold up', () => {
  const text = two.replace('depends_on: [db]', 'depends_on: {db: {condition: service_healthy, required: false}}')
  const start = plan(text, nothing('p', images)).ops.find(op => op.key === 'container/p-web-1/start')
  assert.deepEqual(start?.after, ['wait/db/healthy'])
  assert.deepEqual(start?.needs, ['container/p-web-1/create'])
})

test('images that are missing are pulled before anything is made; what cannot be had is said at once', () => {
  const made = plan(two, nothing('p', { a: { id: 'sha256:a' } }))
  assert.equal(made.ops[0]?.key, 'image/b/pull')
  for (const op of made.ops)
    if (op.kind === 'network.create' || op.kind === 'volume.create') assert.deepEqual(op.needs, ['image/b/pull'])
  const impossible = `
name: p
services: {web: {image: c, pull_policy: never, networks: [n], volumes: ["vol:/v"]}}
networks: {n: {external: true}}
volumes: {vol: {external: true}}
`
  assert.throws(
    () => plan(impossible, nothing('p')),
    (error: Error) => {
      assert.deepEqual(error.message.split('\n').length, 3)
      assert.match(error.message, /image c.*\nnetwork n.*\nexternal volume "vol"/)
      return true
    },
  )
})

test('orphans are warned of, and removed when asked', () => {
  const smaller =
    'name: p\nservices: {db: {image: a, command: [serve], volumes: ["data:/data"]}}\nvolumes: {data: {}}\n'
  const kept = plan(smaller, after(two))
  assert.deepEqual(keys(kept), [])
  assert.match(kept.warnings[0] ?? '', /p-web-1.*--remove-orphans/)
  const removed = plan(smaller, after(two), { removeOrphans: true })
  assert.deepEqual(keys(removed), ['-container/p-web-1/stop', '-container/p-web-1/remove'])
})

test('anonymous volumes go over to the replacement, unless new ones are asked for', () => {
  const text = 'name: p\nservices: {web: {image: a, volumes: ["/cache"], environment: {V: "1"}}}\n'
  const name = 'f'.repeat(64)
  const mounts = [{ type: 'volume', name, source: '', target: '/cache' }]
  const observed = change(after(text), 'p-web-1', { mounts })
  const bodyOf = (options: UpOptions) => {
    const create = plan(text.replace('"1"', '"2"'), observed, options).ops.find(op => op.kind === 'container.create')
    assert.ok(create?.kind === 'container.create')
    return create.body
  }
  assert.deepEqual(bodyOf({}).HostConfig?.Binds, [`${name}:/cache:rw`])
  assert.equal(bodyOf({}).Volumes, undefined)
  assert.deepEqual(bodyOf({ renewAnonVolumes: true }).Volumes, { '/cache': {} })
})

test('--no-deps leaves dependencies and their conditions alone; an unknown service is named', () => {
  assert.deepEqual(keys(plan(two, nothing('p', images), { services: ['web'], noDeps: true })).sort(), [
    '+container/p-web-1/create',
    '+container/p-web-1/start',
    '+network/p_default/create',
  ])
  assert.throws(() => plan(two, nothing('p', images), { services: ['wep'] }), {
    code: 'NOT_FOUND',
    message: 'no such service: wep',
  })
})

test('a pull policy with a period pulls what is older, and leaves what is not', () => {
  const pulls = (policy: string, ageMs: number) =>
    keys(
      plan(
        `name: p\nservices: {web: {image: a, pull_policy: ${policy}}}\n`,
        nothing('p', { a: { id: 'sha256:a', ageMs } }),
      ),
    ).filter(key => key.includes('pull')).length
  const hour = 3_600_000
  assert.equal(pulls('daily', 25 * hour), 1)
  assert.equal(pulls('daily', 23 * hour), 0)
  assert.equal(pulls('weekly', 169 * hour), 1)
  assert.equal(pulls('every_1h30m', 2 * hour), 1)
  assert.equal(pulls('every_3h', 2 * hour), 0)
  assert.equal(pulls('missing', 1000 * hour), 0)
})

test('hooks come with the ops that they belong to', () => {
  const text = `
name: p
services:
  web: {image: a, post_start: [{command: [warm, up], user: root, environment: {A: 1}}], pre_stop: [{command: drain now}]}
`
  const made = plan(text, nothing('p', images))
  const start = made.ops.find(op => op.kind === 'container.start')
  assert.deepEqual(start?.kind === 'container.start' && start.postStart, [
    { Cmd: ['warm', 'up'], Env: ['A=1'], AttachStdout: true, AttachStderr: true, User: 'root' },
  ])
  const replaced = plan(text.replace('image: a', 'image: a, tty: true'), simulate(made, nothing('p', images)))
  const stop = replaced.ops.find(op => op.kind === 'container.stop')
  assert.deepEqual(stop?.kind === 'container.stop' && stop.preStop?.map(({ Cmd }) => Cmd), [['drain', 'now']])
})
