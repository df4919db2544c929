import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ZodMiniType } from 'zod/mini'
import { daemonOutput } from '../../../schemas/output/daemon.ts'
import { eventOutput } from '../../../schemas/output/events.ts'
import { graphOutput } from '../../../schemas/output/graph.ts'
import { imagesRow } from '../../../schemas/output/images.ts'
import { infoOutput } from '../../../schemas/output/info.ts'
import { logOutputLine } from '../../../schemas/output/logs.ts'
import { lsRow } from '../../../schemas/output/ls.ts'
import { planOutput } from '../../../schemas/output/plan.ts'
import { portOutput } from '../../../schemas/output/port.ts'
import { progressLine } from '../../../schemas/output/progress.ts'
import { psRow } from '../../../schemas/output/ps.ts'
import { statsOutput } from '../../../schemas/output/stats.ts'
import { topOutput } from '../../../schemas/output/top.ts'
import { versionOutput } from '../../../schemas/output/version.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'

const stack = `
services:
  web:
    image: "rootfs:/"
    command: [sh, -c, "echo out; echo err >&2; exec sleep 300"]
    init: true
    ports: ["127.0.0.1::8080"]
    mem_limit: 32m
    depends_on: [db]
  db: {image: "rootfs:/", command: sleep 300, init: true, volumes: ["data:/data"]}
volumes: {data: {}}
`

describe('what programs read is as its schema says, for a stack that runs', () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, { 'stack.yaml': stack })
    await cli.ok('up', '-d')
  })
  after(async () => {
    await cli[Symbol.asyncDispose]()
    await daemon[Symbol.asyncDispose]()
  })

  /** Every line of the output, held against the schema. */
  async function lines<T>(schema: ZodMiniType<T>, ...argv: readonly string[]): Promise<readonly T[]> {
    const found = (await cli.ok(...argv))
      .split('\n')
      .filter(Boolean)
      .map(line => schema.parse(JSON.parse(line)))
    assert.notEqual(found.length, 0)
    return found
  }

  test('ps: one line per container', async () => {
    assert.deepEqual(
      (await lines(psRow, 'ps', '--format', 'json')).map(row => [row.Service, row.State]),
      [
        ['db', 'running'],
        ['web', 'running'],
      ],
    )
  })

  test('ls and images: a list', async () => {
    for (const row of JSON.parse(await cli.ok('ls', '--format', 'json'))) lsRow.parse(row)
    const images = JSON.parse(await cli.ok('images', '--format', 'json'))
    assert.equal(images.length, 2)
    for (const row of images) assert.equal(imagesRow.parse(row).Repository, 'rootfs:/')
  })

  test("logs: both streams, with the engine's time stamps", async () => {
    const found = await lines(logOutputLine, 'logs', '--format', 'json', 'web')
    assert.deepEqual(found.map(line => [line.container, line.stream, line.text]).sort(), [
      ['web-1', 'stderr', 'err'],
      ['web-1', 'stdout', 'out'],
    ])
  })

  test('port: address and number', async () => {
    const [output] = await lines(portOutput, 'port', '--format', 'json', 'web', '8080')
    assert.equal(output?.address, '127.0.0.1')
  })

  test('top, stats, events, info, version', async () => {
    assert.equal((await lines(topOutput, 'top', '--format', 'json')).length, 2)
    const [stats] = await lines(statsOutput, 'stats', '--no-stream', '--format', 'json', 'web')
    assert.equal(stats?.memoryLimitBytes, 32 * 2 ** 20)
    const events = await lines(eventOutput, 'events', '--json', '--since', '10m', '--until', '0s')
    assert.deepEqual(
      events.filter(event => event.service === 'db').map(event => event.action),
      ['create', 'start'],
    )
    const [info] = await lines(infoOutput, 'info', '--format', 'json')
    assert.equal(info?.isBerth, true)
    await lines(versionOutput, 'version', '--engine', '--format', 'json')
  })

  test('graph and plan', async () => {
    const [graph] = await lines(graphOutput, 'graph', '--format', 'json')
    assert.deepEqual(graph?.waves, [['db'], ['web']])
    const [plan] = await lines(planOutput, 'plan', '--json', '--force-recreate')
    assert.ok(plan?.ops.some(op => op.sign === '±' && op.kind.startsWith('container.')))
    assert.deepEqual(
      (await lines(planOutput, 'plan', '--json'))[0]?.unchanged.map(container => container.service),
      ['db', 'web'],
    )
  })

  test('progress: one line per change, on stderr', async () => {
    const { stderr } = await cli.run(['--progress', 'json', 'restart', '-t', '1', 'web'])
    const states = stderr
      .split('\n')
      .filter(Boolean)
      .map(line => progressLine.parse(JSON.parse(line)))
    assert.deepEqual(
      states.map(line => 'status' in line && line.status),
      ['Restarting', 'Started'],
    )
  })

  test('daemon status', async () => {
    const { code, stdout } = await cli.run(['daemon', 'status', '--run-dir', daemon.runDir, '--format', 'json'])
    assert.equal(code, 0)
    assert.deepEqual(daemonOutput.parse(JSON.parse(stdout)), {
      state: 'running',
      pid: daemon.pid,
      version: '0.1.0',
      socket: daemon.socket,
      runDir: daemon.runDir,
      dataRoot: daemon.dataRoot,
    })
  })
})
