import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import packageJson from '../../../package.json'
import { BerthError } from '../../../schemas/errors.ts'
import { errorOutput } from '../../../schemas/output/error.ts'
import { versionOutput } from '../../../schemas/output/version.ts'
import { berthVersion } from '../../../schemas/version.ts'
import { runCommandLine } from '../../support/command-line.ts'

test('both programs and the package have one version', () => {
  assert.equal(berthVersion, packageJson.version)
})

test('berth version, for people, for scripts and for programs', async () => {
  assert.equal((await runCommandLine(['version'])).stdout, `berth version ${berthVersion}\n`)
  assert.equal((await runCommandLine(['--version'])).stdout, `berth version ${berthVersion}\n`)
  assert.equal((await runCommandLine(['version', '--short'])).stdout, `${berthVersion}\n`)
  const { stdout } = await runCommandLine(['version', '--format', 'json'])
  assert.deepEqual(versionOutput.parse(JSON.parse(stdout)), { version: berthVersion })
})

test('an unknown command is refused with the nearest one', async () => {
  assert.deepEqual(await runCommandLine(['donw']), {
    code: 1,
    stdout: '',
    stderr: 'berth: unknown command "donw"\nhint: did you mean "berth down"?\n',
  })
})

test('an unknown flag is refused with the nearest one and where help is', async () => {
  const { code, stderr } = await runCommandLine(['version', '--shrot'])
  assert.equal(code, 1)
  assert.equal(
    stderr,
    `berth: unknown option '--shrot'\nhint: did you mean "--short"? "berth version --help" shows what it takes\n`,
  )
})

test('a global flag after the command is refused with its right place', async () => {
  const { code, stderr } = await runCommandLine(['version', '-p', 'shop'])
  assert.equal(code, 1)
  assert.equal(stderr, `berth: unknown option '-p'\nhint: -p goes before the command: berth -p ... version\n`)
})

test('a wrong value of a flag is refused with what was expected', async () => {
  const progress = await runCommandLine(['--progress', 'loud', 'version'])
  assert.equal(progress.code, 1)
  assert.match(progress.stderr, /'loud' is invalid. Allowed choices are auto, tty, plain, json, quiet\./)
  const timeout = await runCommandLine(['daemon', 'status', '--timeout', 'soon'])
  assert.equal(timeout.code, 1)
  assert.match(timeout.stderr, /Expected a whole number of at least 1\./)
})

test('asked for JSON, an error is JSON too, as its schema says', async () => {
  const { code, stderr } = await runCommandLine(['--progress', 'json', 'frobnicate'])
  assert.equal(code, 1)
  const { error } = errorOutput.parse(JSON.parse(stderr))
  assert.deepEqual(error, {
    code: 'USAGE',
    message: 'unknown command "frobnicate"',
    hint: '"berth --help" lists the commands',
  })
})

test('help is asked for in three ways and is the same', async () => {
  const { stdout } = await runCommandLine(['version', '--help'])
  assert.equal((await runCommandLine(['help', 'version'])).stdout, stdout)
  assert.equal((await runCommandLine(['--help', 'version'])).stdout, stdout)
})

test('where no daemon runs, status says so with its own exit code', async () => {
  const { code, stdout } = await runCommandLine(['daemon', 'status'], { env: { BERTH_RUN_DIR: '/nowhere' } })
  assert.equal(code, 3)
  assert.equal(stdout, 'berthd is not running in /nowhere\n')
})

test('a command that has nothing to clean up is left by Ctrl-C at once', async () => {
  const controller = new AbortController()
  const connections: Socket[] = []
  const silent = createServer(connection => {
    connections.push(connection)
    controller.abort(new BerthError('CANCELLED', 'interrupted'))
  })
  const folder = mkdtempSync(join(tmpdir(), 'berth-main-'))
  const socket = join(folder, 'silent.sock')
  await new Promise<void>(resolve => silent.listen(socket, resolve))
  try {
    const running = runCommandLine(['-H', `unix://${socket}`, 'ls'], { signal: controller.signal })
    const { code, stderr } = await running
    assert.equal(code, 130)
    assert.equal(stderr, 'berth: interrupted\n')
  } finally {
    silent.close()
    for (const connection of connections) connection.destroy()
    rmSync(folder, { recursive: true })
  }
})
