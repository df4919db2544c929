import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type LaunchOptions, launchDaemon } from '../../../../cli/daemon/launch.ts'
import { isAlive, runningDaemon } from '../../../../cli/daemon/pid-file.ts'
import { daemonPlaces } from '../../../../cli/daemon/places.ts'
import { stopDaemon } from '../../../../cli/daemon/stop.ts'

/** A program in place of berthd.cjs, and places of its own. */
async function fakeDaemon(t: TestContext, source: string): Promise<LaunchOptions> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-launch-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'berthd.cjs'), source)
  const places = daemonPlaces({}, { runDir: folder, dataRoot: join(folder, 'data') })
  return { ...places, distDir: folder, env: { PATH: process.env.PATH, BERTH_X: '1', SECRET: 'no' }, timeoutMs: 10_000 }
}

const serving = `
const fs = require('node:fs'), net = require('node:net')
const flag = name => process.argv[process.argv.indexOf(name) + 1]
const runDir = flag('--run-dir')
const ready = { pid: process.pid, version: '1', socket: runDir + '/berth.sock', runDir, dataRoot: flag('--data-root') }
process.on('SIGTERM', () => { fs.rmSync(runDir + '/berthd.pid'); process.exit(0) })
net.createServer(() => {}).listen(ready.socket, () => {
  console.log(JSON.stringify(process.env))
  fs.writeFileSync(runDir + '/berthd.pid', JSON.stringify(ready))
  fs.writeSync(3, JSON.stringify(ready) + '\\n')
  fs.closeSync(3)
})`

test('a daemon is started, is found by its pid file, and is gone after the stop', async t => {
  const options = await fakeDaemon(t, serving)
  const ready = await launchDaemon(options)
  assert.equal(ready.socket, options.socket)
  assert.equal((await runningDaemon(options.pidFile))?.pid, ready.pid)
  await stopDaemon(ready, 10_000)
  assert.equal(isAlive(ready.pid), false)
  assert.equal(await runningDaemon(options.pidFile), undefined)
})

test('the daemon inherits what it needs of the environment and nothing else', async t => {
  const options = await fakeDaemon(t, serving)
  await stopDaemon(await launchDaemon(options), 10_000)
  const log = await readFile(options.logFile, 'utf8')
  assert.match(log, /"BERTH_X":"1"/)
  assert.doesNotMatch(log, /SECRET/)
})

test('a daemon that dies while it starts is an error with the end of its log, of this start only', async t => {
  const options = await fakeDaemon(
    t,
    `console.error('{"level":50,"msg":"cannot start","err":{"message":"cgroup is read-only"}}'); process.exit(1)`,
  )
  await launchDaemon(options).catch(() => {})
  await writeFile(options.logFile, 'an old line\n')
  await assert.rejects(launchDaemon(options), (error: Error & { code: string; hint: string }) => {
    assert.equal(error.code, 'UNAVAILABLE')
    assert.equal(
      error.message,
      'the daemon stopped while it was starting; it said:\n  cannot start: cgroup is read-only',
    )
    assert.equal(error.hint, `the whole log is in ${options.logFile}`)
    return true
  })
})

test('a daemon that never gets ready is stopped after the time limit', async t => {
  const options = await fakeDaemon(t, `console.log(process.pid); setInterval(() => {}, 1000)`)
  await assert.rejects(launchDaemon({ ...options, timeoutMs: 300 }), { code: 'TIMEOUT' })
  const pid = Number((await readFile(options.logFile, 'utf8')).trim())
  assert.ok(pid === 0 || !isAlive(pid))
})

test('the pid file of a daemon that is gone counts for nothing', async t => {
  const options = await fakeDaemon(t, '')
  await writeFile(options.pidFile, JSON.stringify({ pid: 2 ** 22 - 1, socket: 'x' }))
  assert.equal(await runningDaemon(options.pidFile), undefined)
  await writeFile(options.pidFile, JSON.stringify({ pid: process.pid, socket: 'another program has this pid now' }))
  assert.equal(await runningDaemon(options.pidFile), undefined)
  await writeFile(options.pidFile, 'torn{')
  assert.equal(await runningDaemon(options.pidFile), undefined)
})

test('without a built daemon the error says so', async t => {
  const options = await fakeDaemon(t, '')
  await assert.rejects(launchDaemon({ ...options, distDir: '/nowhere' }), {
    code: 'UNAVAILABLE',
    message: /program is missing/,
  })
})
