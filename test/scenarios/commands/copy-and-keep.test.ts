import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { volumeRow } from '../../../schemas/output/volumes.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const stack = `
services:
  web: {image: "rootfs:/", init: true, command: sleep 300, tmpfs: [/scratch], volumes: ["data:/data"]}
  job: {image: "rootfs:/", command: [sh, -c, "sleep 0.5; exit 4"], profiles: [jobs]}
  cat: {image: "rootfs:/", command: [sh, -c, "read line; echo got $$line; exit 5"], stdin_open: true, profiles: [cats]}
volumes: {data: {}}
`

describe('commands that make, copy, join and wait', () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, { 'stack.yaml': stack })
  })
  after(async () => {
    await cli[Symbol.asyncDispose]()
    await daemon[Symbol.asyncDispose]()
  })

  const here = (...names: readonly string[]) => join(cli.folder, ...names)

  test('create starts nothing, scale changes the number, volumes lists', async () => {
    await cli.ok('create')
    assert.equal(await cli.ok('ps', '-a', '--format', '{{.Name}} {{.State}}'), `${cli.stack}-web-1 created\n`)
    await cli.ok('start')
    await cli.ok('scale', 'web=2')
    assert.equal((await cli.ok('ps', '-q')).split('\n').length, 3)
    const wrong = await cli.run(['scale', 'web'])
    assert.match(wrong.stderr, /cannot read the scale "web"/)
    const row = volumeRow.parse(JSON.parse(await cli.ok('volumes', '--format', 'json')))
    assert.equal(row.Name, `${cli.stack}_data`)
    assert.equal(await cli.ok('volumes', '-q', 'web'), `${cli.stack}_data\n`)
  })

  test('cp copies into every container of a service, and back by the rules of docker cp', async () => {
    mkdirSync(here('d', 'sub'), { recursive: true })
    writeFileSync(here('d', 'a'), 'one')
    writeFileSync(here('d', 'sub', 'b'), 'two', { mode: 0o755 })
    symlinkSync('a', here('d', 'link'))
    await cli.ok('cp', 'd', 'web:/tmp')
    for (const index of ['1', '2'])
      assert.equal(await cli.ok('exec', '-T', '--index', index, 'web', 'cat', '/tmp/d/sub/b'), 'two')
    await cli.ok('cp', 'web:/tmp/d', 'out')
    assert.equal(readFileSync(here('out', 'a'), 'utf8'), 'one')
    assert.equal(readlinkSync(here('out', 'link')), 'a')
    assert.equal(statSync(here('out', 'sub', 'b')).mode & 0o777, 0o755)
    await cli.ok('cp', 'web:/tmp/d/.', 'out')
    assert.equal(existsSync(here('out', 'd')), false)
    await cli.ok('cp', '-L', 'web:/tmp/d/link', 'followed')
    assert.equal(readFileSync(here('followed'), 'utf8'), 'one')
    const { code, stderr } = await cli.run(['cp', 'd/a', 'web:/nowhere/'])
    assert.equal(code, 1)
    assert.match(stderr, /the folder \/nowhere\/ does not exist/)
  })

  test('wait returns the exit code of a job', async () => {
    await cli.ok('--profile', 'jobs', 'up', '-d', 'job')
    const { code, stdout } = await cli.run(['--profile', 'jobs', 'wait', 'job'])
    assert.equal(code, 4)
    assert.match(stdout, /^container "[0-9a-f]{64}" exited with status code 4\n$/)
  })

  test('attach passes input on and returns the exit code', async () => {
    await cli.ok('--profile', 'cats', 'up', '-d', 'cat')
    const { code, stdout } = await cli.run(['--profile', 'cats', 'attach', 'cat'], { input: 'word\n' })
    assert.deepEqual([code, stdout], [5, 'got word\n'])
    const again = await cli.run(['--profile', 'cats', 'attach', 'cat'])
    assert.match(again.stderr, /is not running/)
  })

  test('attach without sig-proxy leaves the program running when it is interrupted', async () => {
    const attached = cli.start(['attach', '--no-stdin', '--sig-proxy=false', 'web'])
    await eventually('attached', async () => (await daemon.events({ event: ['attach'] })).length >= 2)
    attached.kill('SIGINT')
    assert.equal((await attached.result).code, 130)
    assert.match(await cli.ok('ps', '--format', '{{.State}}', 'web'), /^running/)
  })
})
