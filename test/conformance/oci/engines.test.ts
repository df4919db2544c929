import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../support/eventually.ts'

const home = process.env['BERTH_ROOT'] ?? process.cwd()
/** The root that the peers of BERTH_PEER_RUNTIMES live in, if it has engines too. */
const root = (process.env['BERTH_PEER_RUNTIMES'] ?? '').match(/=(\/[^,]+)\/usr\/s?bin\//)?.[1] ?? ''
const has = (program: string) => root !== '' && existsSync(join(root, program))

/** A folder with the runtime under its own name and a small image, seen as /mnt inside the root. */
class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-engine-'))

  constructor() {
    const image = join(this.folder, 'image')
    for (const sub of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp']) mkdirSync(join(image, sub), { recursive: true })
    copyFileSync('/bin/busybox', join(image, 'bin/busybox'))
    for (const applet of ['sh', 'sleep', 'id', 'cat', 'tty', 'echo', 'grep'])
      symlinkSync('busybox', join(image, 'bin', applet))
    assert.equal(spawnSync('tar', ['-C', image, '-cf', join(this.folder, 'image.tar'), '.']).status, 0)
    copyFileSync(join(home, 'dist/berth-native'), join(this.folder, 'berth-oci'))
  }

  argv(...argv: readonly string[]): readonly string[] {
    const script = join(home, 'test/conformance/oci/in-root')
    return ['-m', '--propagation', 'private', script, root, this.folder, ...argv]
  }

  run(...argv: readonly string[]) {
    return spawnSync('unshare', this.argv(...argv), {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PODMAN_IGNORE_CGROUPSV1_WARNING: '1' },
    })
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What both engines' command lines have in common: a container's life, as people use it. */
function lifeOf(engine: (...argv: readonly string[]) => { status: number | null; stdout: string; stderr: string }) {
  const ok = (...argv: readonly string[]) => {
    const { status, stdout, stderr } = engine(...argv)
    assert.equal(status, 0, `${argv.join(' ')}: ${stderr}`)
    return stdout.trim()
  }

  test('run prints, and gives the exit code', () => {
    assert.equal(ok('run', '--rm', '--network', 'none', 'box', 'echo', 'hello'), 'hello')
    assert.equal(engine('run', '--rm', '--network', 'none', 'box', 'sh', '-c', 'exit 7').status, 7)
    assert.match(ok('run', '--rm', '-t', '--network', 'none', 'box', 'tty'), /^\/dev\/pts\/0/)
  })

  test('a program that is not there is 127, one that is no program 126', () => {
    assert.equal(engine('run', '--rm', '--network', 'none', 'box', 'no-such-program').status, 127)
    assert.equal(engine('run', '--rm', '--network', 'none', 'box', '/etc').status, 126)
  })

  test('exec with user, terminal and exit code; pause, update, stats, kill, rm', () => {
    ok(
      'run',
      '-d',
      '--name',
      'life',
      '--network',
      'none',
      '-m',
      '64m',
      'box',
      'sh',
      '-c',
      'echo ready; exec sleep 1000',
    )
    assert.equal(ok('exec', '--user', '1000:1001', 'life', 'id', '-u'), '1000')
    assert.match(ok('exec', '-t', 'life', 'tty'), /^\/dev\/pts\/0/)
    assert.equal(engine('exec', 'life', 'sh', '-c', 'exit 5').status, 5)
    assert.equal(ok('logs', 'life'), 'ready')
    ok('pause', 'life')
    assert.match(ok('ps', '-a', '--format', '{{.Status}}'), /[Pp]aused/)
    ok('unpause', 'life')
    ok('update', '--memory', '96m', '--memory-swap', '192m', 'life')
    assert.match(ok('stats', '--no-stream', '--format', '{{.MemUsage}}', 'life'), /\/ (96MiB|100\.7MB)/)
    ok('kill', 'life')
    assert.equal(ok('wait', 'life'), '137')
    ok('rm', '-f', 'life')
  })

  test('read-only root, no capabilities, no new privileges, an own user', () => {
    const script = 'id -u; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; echo > /x 2>/dev/null || echo refused'
    const flags = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '-u', '1000']
    const out = ok('run', '--rm', '--network', 'none', ...flags, 'box', 'sh', '-c', script)
    assert.deepEqual(out.split('\n'), ['1000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1', 'refused'])
  })

  test('out of memory is told', () => {
    const script = 'x=a; while :; do x=$x$x; done'
    assert.equal(
      engine('run', '--name', 'oom', '--network', 'none', '-m', '16m', 'box', 'sh', '-c', script).status,
      137,
    )
    assert.equal(ok('inspect', '--format', '{{.State.OOMKilled}}', 'oom'), 'true')
    ok('rm', 'oom')
  })
}

describe('oci: podman with berth-oci', {
  skip: !has('usr/bin/podman') && 'no podman in the root of BERTH_PEER_RUNTIMES',
}, () => {
  let rig: Rig
  const places = ['--root', '/mnt/podman/root', '--runroot', '/mnt/podman/run', '--tmpdir', '/mnt/podman/tmp']
  const settings = ['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--runtime', '/mnt/berth-oci']
  const podman = (...argv: readonly string[]) => rig.run('podman', ...places, ...settings, ...argv)
  before(() => {
    rig = new Rig()
    assert.equal(podman('import', '/mnt/image.tar', 'box').status, 0)
  })
  after(() => {
    podman('rm', '--all', '--force')
    rig.remove()
  })
  lifeOf((...argv) => podman(...argv))
})

describe('oci: dockerd with berth-oci', {
  skip: !has('usr/sbin/dockerd') && 'no dockerd in the root of BERTH_PEER_RUNTIMES',
}, () => {
  let rig: Rig
  let daemon: ChildProcess
  const docker = (...argv: readonly string[]) => rig.run('docker', '-H', 'unix:///mnt/d.sock', ...argv)
  before(async () => {
    rig = new Rig()
    const places = [
      '-H',
      'unix:///mnt/d.sock',
      '--pidfile',
      '/mnt/d.pid',
      '--data-root',
      '/mnt/data',
      '--exec-root',
      '/mnt/exec',
    ]
    const alone = ['--bridge=none', '--iptables=false', '--ip6tables=false']
    const runtime = ['--add-runtime', 'berth=/mnt/berth-oci', '--default-runtime', 'berth']
    daemon = spawn('unshare', rig.argv('dockerd', ...places, ...alone, ...runtime), { stdio: 'ignore' })
    await eventually('a dockerd that answers', () => docker('version').status === 0, 40_000)
    assert.equal(docker('import', '/mnt/image.tar', 'box').status, 0)
  })
  after(async () => {
    docker('rm', '-f', 'life', 'oom')
    daemon.kill()
    await once(daemon, 'exit')
    rig.remove()
  })
  lifeOf((...argv) => docker(...argv))
})
