import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { tidyRunDir } from '../../support/tidy-run-dir.ts'

/** A command line whose default daemon has places of its own; what it starts is taken away after the test. */
async function withoutDaemon(t: TestContext): Promise<{ readonly cli: BerthCli; readonly runDir: string }> {
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
  return { cli, runDir }
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
