import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const peers = (process.env['BERTH_PEER_RUNTIMES'] ?? '').split(',').filter(Boolean)
const runtimes = [['berth', join(root, 'dist/berth-native'), 'oci'], ...peers.map(peer => peer.split('='))]

for (const [name = '', program = '', ...words] of runtimes) {
  describe(`oci: ${name}`, () => {
    let folder = ''
    const id = `berth-oci-test-${process.pid}-${name}`
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'berth-oci-'))
      for (const sub of ['rootfs/bin', 'rootfs/proc', 'rootfs/dev']) mkdirSync(join(folder, sub), { recursive: true })
      copyFileSync('/bin/busybox', join(folder, 'rootfs/bin/busybox'))
      for (const applet of ['sh', 'sleep', 'id', 'cat']) symlinkSync('busybox', join(folder, 'rootfs/bin', applet))
    })
    after(() => {
      oci('delete', '--force', id)
      rmSync(folder, { recursive: true, force: true })
    })

    function oci(...argv: readonly string[]) {
      const all = [...words, '--root', join(folder, 'state'), ...argv]
      return spawnSync(program, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
    }

    function bundle(args: readonly string[], hooks = {}) {
      const namespaces = ['pid', 'mount', 'ipc', 'uts', 'network'].map(type => ({ type }))
      const process = { user: { uid: 0, gid: 0 }, args, env: ['PATH=/bin'], cwd: '/' }
      const mounts = [{ destination: '/proc', type: 'proc', source: 'proc' }]
      const linux = { namespaces, cgroupsPath: `/${id}` }
      const config = { ociVersion: '1.0.2', process, root: { path: 'rootfs' }, mounts, linux, hooks }
      writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    }

    test('run gives the exit code of the program and leaves nothing', () => {
      bundle(['sh', '-c', 'exit 7'])
      assert.equal(oci('run', '--bundle', folder, id).status, 7)
      assert.notEqual(oci('state', id).status, 0)
    })

    test('run of a program that is not there fails', () => {
      bundle(['no-such-program'])
      const { status, stderr } = oci('run', '--bundle', folder, id)
      assert.notEqual(status, 0)
      assert.match(stderr, /not found/)
    })

    test('create, start, exec, kill, delete', () => {
      bundle(['sleep', '1000'])
      const silent = { stdio: 'ignore', timeout: 20_000 } as const
      const created = spawnSync(
        program,
        [...words, '--root', join(folder, 'state'), 'create', '--bundle', folder, id],
        silent,
      )
      assert.equal(created.status, 0)
      assert.equal(JSON.parse(oci('state', id).stdout).status, 'created')
      if (name === 'berth')
        assert.match(oci('delete', id).stderr, /created/, 'a created container is not deleted without --force')
      assert.equal(oci('start', id).status, 0)
      assert.equal(JSON.parse(oci('state', id).stdout).status, 'running')
      assert.equal(oci('exec', '--user', '1000:1001', id, 'sh', '-c', 'id -u; id -g; exit 3').stdout, '1000\n1001\n')
      if (name === 'berth')
        for (const user of ['-1', '4294967295', '4294967296'])
          assert.match(oci('exec', `--user=${user}`, id, 'id').stderr, /--user/)
      assert.equal(oci('kill', id, 'KILL').status, 0)
      assert.equal(oci('delete', '--force', id).status, 0)
      assert.notEqual(oci('state', id).status, 0)
    })

    test('hooks run at their places, with the state; run -d, list, ps, pause and resume', () => {
      const log = join(folder, 'hooks.log')
      const hook = (kind: string) => ({
        path: '/bin/sh',
        args: ['sh', '-c', `read state; echo "${kind} $state" >> ${log}`],
      })
      const kinds = ['prestart', 'createRuntime', 'poststart', 'poststop']
      bundle(['sleep', '1000'], Object.fromEntries(kinds.map(kind => [kind, [hook(kind)]])))
      const pidFile = join(folder, 'pid')
      const argv = ['--root', join(folder, 'state'), 'run', '-d', '--pid-file', pidFile, '--bundle', folder, id]
      assert.equal(spawnSync(program, [...words, ...argv], { stdio: 'ignore', timeout: 20_000 }).status, 0)
      const pid = readFileSync(pidFile, 'utf8').trim()
      assert.match(oci('list', '-q').stdout, new RegExp(`^${id}$`, 'm'))
      assert.match(oci('ps', id).stdout, new RegExp(`\\b${pid}\\b`))
      assert.equal(oci('pause', id).status, 0)
      assert.equal(JSON.parse(oci('state', id).stdout).status, 'paused')
      assert.equal(oci('resume', id).status, 0)
      assert.equal(oci('delete', '--force', id).status, 0)
      const seen = readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map(line => line.split(' ')[0])
      assert.deepEqual(seen, kinds)
    })
  })
}
