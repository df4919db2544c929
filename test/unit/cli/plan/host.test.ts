import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observed, ObservedHost } from '../../../../cli/observe/observed.ts'
import { openPortWarnings } from '../../../../cli/plan/open-ports.ts'
import { planUp } from '../../../../cli/plan/plan-up.ts'
import { projectOf } from '../../../support/project.ts'
import { nothing } from '../../../support/simulate.ts'

const gigabyte = 1024 ** 3
const host: ObservedHost = {
  id: 'I',
  hostname: 'alpha',
  os: 'linux',
  architecture: 'x86_64',
  labels: { zone: 'eu' },
  cpus: 4,
  memoryBytes: 8 * gigabyte,
  reservations: [
    { project: 'other', service: 'db', cpus: 1.5, memoryBytes: 2 * gigabyte },
    { project: 'p', service: 'web', cpus: 4 },
  ],
}
const observed: Observed = { ...nothing('p', { a: { id: 'sha256:a' } }), host }
const plan = (deploy: string, options = {}) =>
  planUp(projectOf(`name: p\nservices: {web: {image: a, deploy: ${deploy}}}\n`), observed, {}, options)

test('reservations that the host can hold beside those of running containers are admitted; its own old ones do not count', () => {
  assert.equal(plan('{replicas: 2, resources: {reservations: {cpus: "1.25", memory: 3g}}}').warnings.length, 0)
})

test('what the host cannot hold is refused with the sums', () => {
  const tooMuch = '{replicas: 3, resources: {reservations: {cpus: "1", memory: 2560m}}}'
  assert.throws(() => plan(tooMuch), {
    code: 'INVALID_ARGUMENT',
    message:
      "the host cannot hold the reserved memory: this stack asks for 7680m (web 3 x 2560m); of the host's 8192m, 2048m are reserved by 1 running containers\n" +
      "the host cannot hold the reserved cpus: this stack asks for 3 (web 3 x 1); of the host's 4, 1.5 are reserved by 1 running containers",
  })
  assert.equal(plan(tooMuch, { scale: { web: 1 } }).warnings.length, 0)
  assert.equal(plan(tooMuch, { noStart: true }).warnings.length, 0)
})

test('a changed reservation of CPUs makes the container anew', () => {
  const [create] = plan('{resources: {reservations: {cpus: "1"}}}').ops.filter(
    ({ kind }) => kind === 'container.create',
  )
  assert.ok(create?.kind === 'container.create')
  assert.equal(create.body.Labels?.['berth.reservation'], '{"cpus":1}')
  assert.match(create.body.Labels?.['berth.spec'] ?? '', /"cpu_reservation":1/)
})

test('constraints that hold here are silent, others are told, and the service runs here', () => {
  const warnings = (constraints: readonly string[], more = '') =>
    plan(`{placement: {constraints: ${JSON.stringify(constraints)}${more}}}`).warnings
  const holding = [
    'node.hostname==alpha',
    'node.hostname != beta',
    'node.labels.zone == eu',
    'node.labels.disk != ssd',
    'node.role == manager',
    'node.platform.os==linux',
    'node.platform.arch == amd64',
    'node.platform.arch == X86_64',
  ]
  assert.deepEqual(warnings(holding), [])
  const same = 'service web runs on this host all the same, there is no other:'
  assert.deepEqual(warnings(['node.hostname == beta', 'node.labels.disk==ssd', 'nonsense']), [
    `${same} node.hostname == beta does not hold (it is alpha)`,
    `${same} node.labels.disk == ssd does not hold (it is not set)`,
    `${same} cannot read the constraint "nonsense"`,
  ])
  assert.deepEqual(plan('{replicas: 2, placement: {max_replicas_per_node: 1}}').warnings, [
    `${same} 2 containers, max_replicas_per_node is 1`,
  ])
})

test('a plan says which ports it opens to the world', () => {
  const warningsFor = (ports: string) =>
    openPortWarnings(planUp(projectOf(`name: p\nservices: {web: {image: a, ports: ${ports}}}\n`), observed, {}, {}))
  assert.deepEqual(warningsFor('["127.0.0.1:8080:80", "[::1]:8081:80"]'), [])
  assert.match(
    warningsFor('["8080:80", "0.0.0.0:53:53/udp", "90"]').join(),
    /: web 8080 -> 80\/tcp, web 53 -> 53\/udp, web a free port -> 90\/tcp; /,
  )
})
