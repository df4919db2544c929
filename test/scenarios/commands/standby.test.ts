import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const launcher = join(process.env['BERTH_ROOT'] ?? '.', 'dist', 'berth')
// A standby belongs to a time zone, too: with one that nobody else has (and that is UTC) this test gets its own.
const zone = `UTC0-${randomBytes(6).toString('hex')}`
const stack = `services: {a: {image: "rootfs:/", command: [sh, -c, "echo begin; exec sleep 300"], init: true}}`

/** The standby processes of this test. */
function standbys(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const env = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        return env.includes(`TZ=${zone}`) && env.some(variable => variable.startsWith('BERTH_STANDBY_SOCKET='))
      } catch {
        return false
      }
    })
    .map(Number)
}

function endStandbys(): void {
  for (const pid of standbys()) process.kill(pid, 'SIGKILL')
}

describe('a standby serves what is typed', () => {
  let daemon: TestDaemon
  let cli: BerthCli

  const start = (argv: readonly string[], stdout: 'pipe' | number = 'pipe') =>
    spawn(launcher, argv, {
      cwd: cli.folder,
      env: { PATH: process.env['PATH'] ?? '', BERTH_HOST: `unix://${daemon.socket}`, TZ: zone },
      stdio: ['pipe', stdout, 'pipe'],
    })

  async function run(argv: readonly string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = start(argv)
    const written = { stdout: '', stderr: '' }
    child.stdout?.on('data', chunk => (written.stdout += chunk))
    child.stderr?.on('data', chunk => (written.stderr += chunk))
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
    const [code] = await once(child, 'close')
    return { code, ...written }
  }

  /** Runs until a standby answers: its socket is there before it has been proven to serve. */
  async function warm(): Promise<number> {
    await run(['version'])
    return await eventually('a standby', () => standbys()[0])
  }

  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, { 'stack.yaml': stack })
  })
  after(async () => {
    await cli.ok('down')
    endStandbys()
    await cli[Symbol.asyncDispose]()
    await daemon[Symbol.asyncDispose]()
  })

  test('output, errors and exit codes are those of a run by itself', async () => {
    await warm()
    await eventually('up by the standby', async () => (await run(['up', '-d'])).code === 0)
    assert.equal((await run(['exec', 'a', 'sh', '-c', 'exit 7'])).code, 7)
    const unknown = await run(['nonsense'])
    assert.equal(unknown.code, (await cli.run(['nonsense'])).code)
    assert.match(unknown.stderr, /unknown command "nonsense"/)
    assert.equal((await run(['ps', '-q'])).stdout, await cli.ok('ps', '-q'))
  })

  test('one standby serves many runs at once, each in its own world', async () => {
    await warm()
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, i) => run(['exec', '-T', '-e', `N=${i}`, 'a', 'sh', '-c', 'echo $N'])),
    )
    assert.deepEqual(
      runs.map(({ stdout }) => stdout),
      Array.from({ length: 10 }, (_, i) => `${i}\n`),
    )
    assert.equal(standbys().length, 1)
  })

  test('standard input passes, of any length, and comes back whole', async () => {
    await warm()
    const text = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join('')
    const { stdout } = await run(['exec', '-T', 'a', 'cat'], text)
    assert.equal(stdout.length, text.length)
    assert.equal(stdout, text)
  })

  test('output goes to the end of a file that others write too', async () => {
    await warm()
    const path = join(cli.folder, 'out.txt')
    await cli.write('out.txt', 'first\n')
    const file = openSync(path, 'a')
    await once(start(['version'], file), 'close')
    closeSync(file)
    assert.match(readFileSync(path, 'utf8'), /^first\nberth version /)
  })

  test('Ctrl-C ends the run and not the standby', async () => {
    const pid = await warm()
    const logs = start(['logs', '-f'])
    await once(logs.stdout ?? logs, 'data')
    logs.kill('SIGINT')
    assert.equal((await once(logs, 'close'))[0], 130)
    assert.equal((await run(['ps', '-q'])).code, 0)
    assert.deepEqual(standbys(), [pid])
  })

  test('a run whose standby is killed says so; the next command needs none', async () => {
    await warm()
    const logs = start(['logs', '-f'])
    let errors = ''
    logs.stderr?.on('data', chunk => (errors += chunk))
    await once(logs.stdout ?? logs, 'data')
    endStandbys()
    assert.equal((await once(logs, 'close'))[0], 1)
    assert.match(errors, /^berth: the standby process that did this ended before its work/)
    assert.equal((await run(['ps', '-q'])).code, 0)
  })

  test('a caller that is killed interrupts its run', async () => {
    const pid = await warm()
    const logs = start(['logs', '-f'])
    await once(logs.stdout ?? logs, 'data')
    logs.kill('SIGKILL')
    await once(logs, 'close')
    await eventually('the run has closed its connection to the engine', () => openSockets(pid) <= 1)
  })
})

/** How many sockets a process has open. */
function openSockets(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}
