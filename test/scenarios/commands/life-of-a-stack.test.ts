import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { psRow } from '../../../schemas/output/ps.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { freePort } from '../../support/free-port.ts'
import { assertNothingLeft, kernelState } from '../../support/leaks.ts'

const samples = join(process.env['BERTH_ROOT'] ?? '.', 'samples')

test('the hello sample: what the plan says comes up, answers, is changed alone, and goes without a trace', async () => {
  await using daemon = await TestDaemon.start()
  const before = kernelState(daemon.instance)
  const port = await freePort()
  const cli = BerthCli.at(daemon, join(samples, 'hello'), { HELLO_PORT: String(port) })

  assert.equal(await cli.ok('plan'), await readFile(join(samples, 'hello', 'plan.txt'), 'utf8'))
  assert.equal((await cli.run(['plan', '--detailed-exitcode'])).code, 2)
  await cli.ok('up', '-d', '--wait')
  const answer = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  assert.match(answer, /^Hello from [0-9a-f]{12}: pid 1, user 65534/)

  const [row] = (await cli.ok('ps', '--format', 'json'))
    .split('\n')
    .filter(Boolean)
    .map(line => psRow.parse(JSON.parse(line)))
  assert.equal(row?.Name, 'hello-web-1')
  assert.equal(row?.Health, 'healthy')
  assert.deepEqual(row?.Publishers, [{ URL: '127.0.0.1', TargetPort: 8080, PublishedPort: port, Protocol: 'tcp' }])
  assert.match(await cli.ok('logs'), /^web-1 {2}\| listening on port 8080\nweb-1 {2}\| GET \/\n$/)
  assert.equal(await cli.ok('exec', 'web', 'cat', '/proc/self/comm'), 'cat\n')

  assert.match(await cli.ok('plan'), /^hello: nothing to do/)
  const { stderr } = await cli.run(['up', '-d'])
  assert.doesNotMatch(stderr, /Creat|Start|Recreate/)
  assert.equal((await cli.run(['plan', '--detailed-exitcode'])).code, 0)

  await cli.ok('down')
  assert.equal(await cli.ok('ps', '-a', '-q'), '')
  await assertNothingLeft(daemon.instance, before)
})

const twoServices = (level: string) => `
services:
  api: {image: "rootfs:/", command: sleep 300, init: true, environment: {LEVEL: ${level}}}
  db: {image: "rootfs:/", command: sleep 300, init: true, stop_grace_period: 1s}
`

test('when one service changes, it alone is made anew, and the plan names the field and its line', async () => {
  await using daemon = await TestDaemon.start()
  await using cli = await BerthCli.open(daemon, { 'stack.yaml': twoServices('info') })
  const ids = async () => (await cli.ok('ps', '-q')).split('\n').filter(Boolean)
  await cli.ok('up', '-d')
  const [api, db] = await ids()

  await cli.write('stack.yaml', twoServices('debug'))
  assert.match(
    await cli.ok('plan'),
    /± container \S+-api-1\n {5}services\.api\.environment\.LEVEL: "info" -> "debug" {2}\(stack\.yaml:3:\d+\)\n/,
  )
  const { stderr } = await cli.run(['up', '-d'])
  assert.match(stderr, /api-1 {2}Recreated/)
  assert.doesNotMatch(stderr, /db-1 {2}(Creat|Start|Stop|Recreat)/)
  const [newApi, newDb] = await ids()
  assert.notEqual(newApi, api)
  assert.equal(newDb, db)
  assert.equal(await cli.ok('exec', 'api', 'printenv', 'LEVEL'), 'debug\n')
})

test('scale goes up and down, and containers of a service that left the file are told and removed on request', async () => {
  await using daemon = await TestDaemon.start()
  await using cli = await BerthCli.open(daemon, { 'stack.yaml': twoServices('info') })
  const names = async () =>
    (await cli.ok('ps', '--format', 'json'))
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line).Name.replace(/^stack-[a-z0-9]+-/, ''))
  await cli.ok('up', '-d', '--scale', 'api=3')
  assert.deepEqual(await names(), ['api-1', 'api-2', 'api-3', 'db-1'])
  await cli.ok('up', '-d')
  assert.deepEqual(await names(), ['api-1', 'db-1'])

  await cli.write(
    'stack.yaml',
    'services: {api: {image: "rootfs:/", command: sleep 300, init: true, environment: {LEVEL: info}}}',
  )
  const { stderr } = await cli.run(['up', '-d'])
  assert.match(stderr, /orphan/i)
  assert.deepEqual(await names(), ['api-1', 'db-1'])
  await cli.ok('up', '-d', '--remove-orphans')
  assert.deepEqual(await names(), ['api-1'])
})
