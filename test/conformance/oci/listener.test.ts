import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { type Config, onEachRuntime } from './runtimes.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

/** What a runtime sends with a listener: the container process state of runtime-spec 1.2. */
interface Sent {
  readonly fds: readonly string[]
  readonly pid: number
  readonly metadata: string
  readonly state: { readonly id: string; readonly status: string; readonly bundle: string; readonly pid: number }
}

function build(): string {
  const program = join(root, 'build/test/listener')
  mkdirSync(join(root, 'build/test'), { recursive: true })
  const source = join(root, 'test/conformance/oci/programs/listener.c')
  execFileSync(process.env['CC'] ?? 'gcc', ['-std=gnu17', '-Wall', '-Wextra', '-Werror', '-o', program, source])
  return program
}

onEachRuntime('seccomp listener', box => {
  let listener: ChildProcess
  let lines: AsyncIterator<string>
  const socket = () => join(box.folder, 'seccomp.sock')
  const next = async () => (await lines.next()).value as string
  const sent = async () => JSON.parse(await next()) as Sent

  before(async () => {
    listener = spawn(build(), [socket()], { stdio: ['pipe', 'pipe', 'inherit'] })
    lines = createInterface({ input: listener.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    assert.equal(await next(), 'ready')
  })
  after(async () => {
    box.delete()
    listener.stdin?.end()
    await once(listener, 'close')
  })

  const notifying = (config: Config) => {
    config.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      listenerPath: socket(),
      listenerMetadata: 'of a test',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
    }
  }
  const attempt = ['sh', '-c', 'mkdir /tmp/made 2>&1; echo done']

  for (const noNewPrivileges of [true, false])
    test(`answers the calls of run, ${noNewPrivileges ? 'without' : 'with'} new privileges`, async () => {
      const out = box.output(attempt, config => {
        notifying(config)
        config.process.noNewPrivileges = noNewPrivileges
      })
      assert.match(out, /No medium found\ndone/)
      const { fds, pid, metadata, state } = await sent()
      assert.deepEqual(fds, ['seccompFd'])
      assert.equal(metadata, 'of a test')
      assert.equal(pid, state.pid)
      assert.deepEqual([state.id, state.status, state.bundle], [box.id, 'creating', box.folder])
    })

  test('answers those of exec, which has a listener of its own; what waits in between holds none', async () => {
    box.bundle(['sleep', '1000'], notifying)
    assert.equal(box.detached('create', '--bundle', box.folder, box.id).status, 0)
    const created = await sent()
    assert.equal(created.pid, box.state().pid)
    const links = execFileSync('ls', ['-l', `/proc/${created.pid}/fd`], { encoding: 'utf8' })
    assert.doesNotMatch(links, /seccomp notify/)
    assert.equal(box.oci('start', box.id).status, 0)
    assert.match(box.oci('exec', box.id, ...attempt).stdout, /No medium found\ndone/)
    const { pid, state } = await sent()
    assert.notEqual(pid, created.pid)
    // crun 1.28 calls it created, with the pid of the exec.
    if (box.name !== 'crun') assert.deepEqual([state.status, state.pid], ['running', created.pid])
    box.delete()
  })

  test('what could never be answered is refused, and nobody to send to is an error that leaves nothing', () => {
    const unanswerable = [
      (config: Config) => (config.linux.seccomp.syscalls[0].names = ['write']),
      (config: Config) => (config.linux.seccomp.defaultAction = 'SCMP_ACT_NOTIFY'),
    ]
    const changes = [
      ...(box.name === 'crun' ? [] : unanswerable), // which takes them
      (config: Config) => (config.linux.seccomp.listenerPath = '/nowhere/socket'),
    ]
    for (const change of changes) {
      box.bundle(attempt, config => {
        notifying(config)
        change(config)
      })
      const { status, stderr } = box.oci('run', '--bundle', box.folder, box.id)
      assert.notEqual(status, 0)
      assert.match(stderr, /seccomp|NOTIFY|nowhere/i)
      assert.notEqual(box.oci('state', box.id).status, 0)
      box.delete()
    }
  })
})
