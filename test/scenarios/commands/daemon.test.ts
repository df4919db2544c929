import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { eventually } from '../../support/eventually.ts'
import { tidyRunDir } from '../../support/tidy-run-dir.ts'

/** A command line whose default daemon has places of its own; what it starts is taken away after the test. */
async function withoutDaemon(t: TestContext): Promise<{
  readonly cli: BerthCli
  readonly runDir: string
  readonly instance: string
}> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-cli-'))
  const [runDir, dataRoot, instance] = [join(folder, 'run'), join(folder, 'data'), `c${randomBytes(4).toString('hex')}`]
  const cli = BerthCli.at({ socket: '' }, folder, {
    BERTH_HOST: '',
    BERTH_RUN_DIR: runDir,
    BERTH_DATA_ROOT: dataRoot,
    BERTH_INSTANCE: instance,
  })
  t.after(async () => {
    await cli.run(['daemon', 'stop'])
    await tidyRunDir(runDir, instance)
    await rm(folder, { recursive: true, force: true })
  })
  return { cli, runDir, instance }
}

test('the daemon is started, is told once, says how it is, and is stopped', async t => {
  const { cli, runDir } = await withoutDaemon(t)
  assert.equal((await cli.run(['daemon', 'status'])).code, 3)
  assert.match(await cli.ok('daemon', 'start'), new RegExp(`^berthd started: pid \\d+, socket ${runDir}/berth.sock`))
  assert.match(await cli.ok('daemon', 'start'), /^berthd is already running: /)
  assert.match(await cli.ok('daemon', 'status'), /^berthd is running: /)
  assert.match(await cli.ok('daemon', 'stop'), /^berthd stopped \(pid \d+\)\n$/)
  assert.equal(await cli.ok('daemon', 'stop'), `berthd is not running in ${runDir}\n`)
})

test('a command starts the daemon by itself, and two at once start one', async t => {
  const { cli } = await withoutDaemon(t)
  const [first, second] = await Promise.all([cli.run(['ls']), cli.run(['ls'])])
  assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr)
  assert.equal((await cli.run(['daemon', 'status'])).code, 0)
})

test('a daemon that cannot start tells why, with the end of its log', async t => {
  const { cli } = await withoutDaemon(t)
  const { code, stderr } = await cli.run(['daemon', 'start', '--instance', 'NOT A NAME'])
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^berth: the daemon stopped while it was starting; it said:\n.*--instance: expected a short name/s,
  )
})

test('a stopped daemon leaves no rule, bridge or process when nothing ran, and the rules of the administrator when there are any', async t => {
  const { cli, instance } = await withoutDaemon(t)
  const tables = (): string => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' })
  const netds = (): string[] =>
    readdirSync('/proc')
      .filter(pid => /^\d+$/.test(pid))
      .filter(pid => commandLine(pid).includes(instance))
  await cli.ok('daemon', 'start')
  await cli.ok('network', 'create', '--opt', 'com.docker.network.bridge.name=br-left', 'left')
  assert.match(tables(), new RegExp(`table inet ${instance}\n`))
  await cli.ok('daemon', 'stop')
  assert.doesNotMatch(tables(), new RegExp(instance))
  assert.equal(existsSync('/sys/class/net/br-left'), false)
  await eventually('no process', () => netds().length === 0)

  await cli.ok('daemon', 'start')
  execFileSync('nft', ['add', 'rule', 'inet', instance, 'user', 'ip', 'saddr', '198.51.100.7', 'drop'])
  await cli.ok('daemon', 'stop')
  await cli.ok('daemon', 'start')
  assert.match(
    execFileSync('nft', ['list', 'chain', 'inet', instance, 'user'], { encoding: 'utf8' }),
    /198\.51\.100\.7 drop/,
  )
})

/** Empty when the process is gone. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
