import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunOptions } from '../../../../cli/plan/options.ts'
import type { ContainerCreateOp } from '../../../../cli/plan/plan.ts'
import { planRun } from '../../../../cli/plan/plan-run.ts'
import { projectOf } from '../../../support/project.ts'
import { nothing, simulate } from '../../../support/simulate.ts'

const project = projectOf(`
name: p
services:
  db: {image: a, healthcheck: {test: [CMD, "true"]}}
  api: {image: a, command: [serve], environment: {A: "1"}, ports: ["80:80"], restart: always, depends_on: {db: {condition: service_healthy}}}
`)
const images = { a: { id: 'sha256:a' } }
const base: RunOptions = { service: 'api', tty: false, interactive: false, detach: false, remove: true }

function createOf(options: Partial<RunOptions>): ContainerCreateOp {
  const plan = planRun(project, nothing('p', images), {}, { ...base, ...options }, '0123456789ab')
  const create = plan.ops.at(-1)
  assert.ok(create?.kind === 'container.create')
  return create
}

test('dependencies come up and are ready before the one-off container is made; it is not started', () => {
  const plan = planRun(project, nothing('p', images), {}, base, '0123456789ab')
  assert.deepEqual(
    plan.ops.map(({ key }) => key),
    [
      'network/p_default/create',
      'container/p-db-1/create',
      'container/p-db-1/start',
      'wait/db/healthy',
      'container/p-api-run-0123456789ab/create',
    ],
  )
  assert.ok(plan.ops.at(-1)?.needs.includes('wait/db/healthy'))
  simulate(plan, nothing('p', images))
})

test('a one-off container publishes no ports, restarts never, and has no alias of the service', () => {
  const { body } = createOf({})
  assert.deepEqual(body.HostConfig?.PortBindings, {})
  assert.equal(body.HostConfig?.RestartPolicy?.Name, 'no')
  assert.deepEqual(body.NetworkingConfig?.EndpointsConfig?.['p_default']?.Aliases, [])
  assert.equal(body.Labels?.['com.docker.compose.oneoff'], 'True')
  assert.deepEqual(body.Cmd, ['serve'])
  assert.equal(body.HostConfig?.AutoRemove, true)
})

test('what is given on the command line wins over the service', () => {
  const { body } = createOf({
    command: ['sh'],
    environment: { A: '2' },
    servicePorts: true,
    publish: ['127.0.0.1:81:82/udp'],
    useAliases: true,
    entrypoint: ['tini'],
  })
  assert.deepEqual([body.Cmd, body.Entrypoint, body.Env], [['sh'], ['tini'], ['A=2']])
  assert.deepEqual(body.HostConfig?.PortBindings, {
    '80/tcp': [{ HostIp: '', HostPort: '80' }],
    '82/udp': [{ HostIp: '127.0.0.1', HostPort: '81' }],
  })
  assert.ok(body.NetworkingConfig?.EndpointsConfig?.['p_default']?.Aliases?.includes('api'))
  assert.equal(createOf({ entrypoint: ['sh'] }).body.Cmd, undefined)
  assert.throws(() => createOf({ publish: ['a:b'] }), { code: 'USAGE' })
})

test('--no-deps makes nothing but what the container itself needs', () => {
  const plan = planRun(project, nothing('p', images), {}, { ...base, noDeps: true }, '0123456789ab')
  assert.deepEqual(
    plan.ops.map(({ kind }) => kind),
    ['network.create', 'container.create'],
  )
})
