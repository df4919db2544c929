import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const sleeper = 'image: "rootfs:/", init: true'

describe('commands that stay with a container', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
  })
  after(() => daemon[Symbol.asyncDispose]())

  const open = (services: string) => BerthCli.open(daemon, { 'stack.yaml': `services:\n${services}` })

  test('attached up shows the output with prefixes; Ctrl-C stops the containers and keeps them', async () => {
    await using cli = await open(
      `  a: {${sleeper}, command: [sh, -c, "echo from a; exec sleep 300"]}\n  bee: {${sleeper}, command: [sh, -c, "echo from bee; exec sleep 300"]}`,
    )
    const up = cli.start(['up'])
    await eventually(
      'both lines',
      () => /^a-1 {4}\| from a$/m.test(up.output()) && /^bee-1 {2}\| from bee$/m.test(up.output()),
    )
    up.kill('SIGINT')
    const { code, stderr } = await up.result
    assert.equal(code, 130)
    assert.match(stderr, /Gracefully stopping\.\.\. \(press Ctrl\+C again to force\)/)
    assert.equal(await cli.ok('ps', '-q'), '')
    assert.equal((await cli.ok('ps', '-a', '-q')).split('\n').length, 3)
    await cli.ok('down')
  })

  test('attached up ends by itself when every container has', async () => {
    await using cli = await open(`  a: {${sleeper}, command: [sh, -c, "sleep 0.3; echo bye"]}`)
    const { code, stdout } = await cli.run(['up'])
    assert.equal(code, 0)
    assert.match(stdout, /a-1 {2}\| bye\n/)
    assert.match(stdout, /a-1 exited with code 0\n/)
    await cli.ok('down')
  })

  test('--exit-code-from stops the others and returns the code of the service', async () => {
    await using cli = await open(
      `  tests: {${sleeper}, command: [sh, -c, "sleep 0.3; exit 42"], depends_on: [db]}\n  db: {${sleeper}, command: sleep 300}`,
    )
    const { code } = await cli.run(['up', '--exit-code-from', 'tests'])
    assert.equal(code, 42)
    assert.equal(await cli.ok('ps', '-q'), '')
    await cli.ok('down')
  })

  test('logs -f shows what is there, what comes, and what comes after a restart', async () => {
    await using cli = await open(`  a: {${sleeper}, command: [sh, -c, "echo begin; exec sleep 300"]}`)
    await cli.ok('up', '-d')
    const logs = cli.start(['logs', '-f'])
    const begins = (count: number) => () => logs.output().split('begin').length - 1 === count
    await eventually('the line that is there', begins(1))
    await cli.ok('restart', '-t', '1')
    await eventually('the line after the restart', begins(2))
    logs.kill('SIGINT')
    assert.equal((await logs.result).code, 130)
    await cli.ok('down')
  })

  test('logs: the last lines, with time stamps, in the order of their writing', async () => {
    await using cli = await open(
      `  a: {${sleeper}, command: [sh, -c, "for i in 1 2 3; do echo a$$i; sleep 0.1; done; exec sleep 300"]}\n  b: {${sleeper}, command: [sh, -c, "sleep 0.05; for i in 1 2 3; do echo b$$i; sleep 0.1; done; exec sleep 300"]}`,
    )
    await cli.ok('up', '-d')
    await eventually('all lines', async () => (await cli.ok('logs')).split('\n').length === 7)
    const stamps = (await cli.ok('logs', '-t', '--no-log-prefix'))
      .split('\n')
      .filter(Boolean)
      .map(line => line.split(' ')[0])
    assert.equal(stamps.length, 6)
    assert.deepEqual(stamps, [...stamps].sort())
    assert.equal(await cli.ok('logs', '--tail', '1', '--no-log-prefix', 'a'), 'a3\n')
    await cli.ok('down')
  })

  test('exec: standard input, exit code, user, folder and variables', async () => {
    await using cli = await open(`  a: {${sleeper}, command: sleep 300, environment: {OWN: container}}`)
    await cli.ok('up', '-d')
    const piped = await cli.run(['exec', 'a', 'tr', 'a-z', 'A-Z'], { input: 'hello\n' })
    assert.deepEqual(piped, { code: 0, stdout: 'HELLO\n', stderr: '' })
    const failed = await cli.run(['exec', 'a', 'sh', '-c', 'echo no >&2; exit 7'])
    assert.deepEqual(failed, { code: 7, stdout: '', stderr: 'no\n' })
    assert.equal(
      await cli.ok('exec', '-u', '65534', '-w', '/usr', '-e', 'X=1', 'a', 'sh', '-c', 'echo $(id -u) $PWD $X'),
      '65534 /usr 1\n',
    )
    const names = [
      '-e',
      'OWN',
      '-e',
      'CALLER',
      '-e',
      'NOBODY',
      'a',
      'sh',
      '-c',
      'echo ${OWN-} ${CALLER-} ${NOBODY-none}',
    ]
    const caller = { env: { CALLER: 'mine' } }
    // A name without a value takes the variable away from an exec, and changes nothing of a run.
    assert.equal((await cli.run(['exec', ...names], caller)).stdout, 'mine none\n')
    assert.equal((await cli.run(['run', '--rm', ...names], caller)).stdout, 'container mine none\n')
    const missing = await cli.run(['exec', 'a', 'nosuchprogram'])
    assert.equal(missing.code, 127)
    await cli.ok('down')
  })

  test('a job that brings a large output over exec loses nothing of it', async () => {
    await using cli = await open(`  a: {${sleeper}, command: sleep 300}`)
    await cli.ok('up', '-d')
    const { stdout } = await cli.run(['exec', 'a', 'seq', '300000'])
    assert.equal(stdout.length, 1988895)
    await cli.ok('down')
  })

  test('run: what it depends on comes up, its output and exit code come back, --rm leaves nothing', async () => {
    await using cli = await open(
      `  job: {${sleeper}, depends_on: [db], environment: {A: stack}}\n  db: {${sleeper}, command: sleep 300}`,
    )
    const { code, stdout } = await cli.run(
      ['run', '--rm', '-e', 'B=flag', 'job', 'sh', '-c', 'echo $A $B; cat; exit 5'],
      { input: 'piped\n' },
    )
    assert.equal(stdout, 'stack flag\npiped\n')
    assert.equal(code, 5)
    assert.deepEqual((await cli.ok('ps', '-a', '--services')).split('\n').filter(Boolean), ['db'])
    await cli.ok('down', '-t', '0')
  })

  test('events follow the life of a container', async () => {
    await using cli = await open(`  a: {${sleeper}, command: sleep 300}`)
    await cli.ok('up', '-d')
    const events = cli.start(['events', '--json'])
    const actions = () =>
      events
        .output()
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line).action)
    await eventually('the stop', async () => {
      await cli.ok('restart', '-t', '0')
      return actions().includes('restart')
    })
    assert.ok(actions().includes('die') && actions().includes('start'))
    events.kill('SIGINT')
    assert.equal((await events.result).code, 130)
    await cli.ok('down', '-t', '0')
  })
})
