import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const peers = (process.env['BERTH_PEER_RUNTIMES'] ?? '').split(',').filter(Boolean)
const runtimes = [['berth', join(root, 'dist/berth-native'), 'oci'], ...peers.map(peer => peer.split('='))]

const first = 1_000_000
const maps = [{ containerID: 0, hostID: first, size: 65_536 }]
const applets = ['sh', 'sleep', 'id', 'cat', 'ls', 'stat', 'mknod', 'touch', 'chown', 'mkdir']
const types = ['pid', 'mount', 'ipc', 'uts', 'network', 'user']
const capabilities = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_SETUID', 'CAP_SETGID', 'CAP_MKNOD']

interface Wishes {
  readonly linux?: object
  readonly mounts?: readonly object[]
  readonly user?: object
  readonly hooks?: object
}

for (const [name = '', program = '', ...words] of runtimes) {
  describe(`oci with a user namespace: ${name}`, () => {
    let folder = ''
    const id = `berth-userns-test-${process.pid}-${name}`
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'berth-oci-'))
      chmodSync(folder, 0o755)
      for (const sub of ['rootfs/bin', 'rootfs/proc', 'rootfs/dev', 'rootfs/sys', 'rootfs/tmp'])
        mkdirSync(join(folder, sub), { recursive: true })
      copyFileSync('/bin/busybox', join(folder, 'rootfs/bin/busybox'))
      for (const applet of applets) symlinkSync('busybox', join(folder, 'rootfs/bin', applet))
      spawnSync('chown', ['-hR', `${first}:${first}`, join(folder, 'rootfs')])
    })
    after(() => {
      oci('delete', '--force', id)
      oci('delete', '--force', `${id}-2`)
      rmSync(folder, { recursive: true, force: true })
    })

    function oci(...argv: readonly string[]) {
      const all = [...words, '--root', join(folder, 'state'), ...argv]
      return spawnSync(program, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
    }

    function bundle(script: string, { linux = {}, mounts = [], user = { uid: 0, gid: 0 }, hooks = {} }: Wishes = {}) {
      const sets = { bounding: capabilities, effective: capabilities, permitted: capabilities }
      const process = { user, args: ['sh', '-c', script], env: ['PATH=/bin'], cwd: '/', capabilities: sets }
      const usual = [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
        { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro'] },
      ]
      const own = { namespaces: types.map(type => ({ type })), uidMappings: maps, gidMappings: maps }
      const config = {
        ociVersion: '1.0.2',
        process,
        root: { path: 'rootfs' },
        mounts: [...usual, ...mounts],
        linux: { ...own, cgroupsPath: `/${id}`, ...linux },
        hooks,
      }
      writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    }

    function output(script: string, wishes: Wishes = {}): string {
      bundle(script, wishes)
      const { status, stdout, stderr } = oci('run', '--bundle', folder, id)
      assert.equal(status, 0, stderr)
      return stdout
    }

    /** A folder of the host with a file of root's. */
    function shared(): string {
      const path = join(folder, 'shared')
      rmSync(path, { recursive: true, force: true })
      mkdirSync(path)
      writeFileSync(join(path, 'file'), 'of the host', { mode: 0o600 })
      return path
    }

    test('ids are mapped, groups too; what it makes belongs to the mapped root on the host', () => {
      const seen = output(
        'cat /proc/self/uid_map /proc/self/gid_map; id -u; echo x > /tmp/made; stat -c %u:%g /tmp/made',
      )
      const map = String.raw`\s+0\s+1000000\s+65536\n`
      assert.match(seen, new RegExp(`^${map}${map}0\n0:0\n$`))
      const { uid, gid } = statSync(join(folder, 'rootfs/tmp/made'))
      assert.deepEqual([uid, gid], [first, first])
    })

    test('a user of the container is a mapped one, and has no rights', () => {
      assert.equal(
        output('id -u; id -g; echo x > /bin/no || echo refused', { user: { uid: 1000, gid: 1001 } }),
        '1000\n1001\nrefused\n',
      )
    })

    test('a bind of the host keeps its owners: root inside can neither read nor change them', () => {
      const source = shared()
      const mounts = [{ destination: '/data', type: 'bind', source, options: ['rbind'] }]
      const script =
        'stat -c %u /data/file; cat /data/file 2>/dev/null || echo no; touch /data/new 2>/dev/null || echo no; chown 0 /data/file 2>/dev/null || echo no'
      assert.equal(output(script, { mounts }), '65534\nno\nno\nno\n')
    })

    test('a bind with maps of ids shows the owners as they are on the disk', () => {
      const source = shared()
      const mounts = [
        { destination: '/data', type: 'bind', source, options: ['rbind'], uidMappings: maps, gidMappings: maps },
      ]
      const script = 'stat -c %u /data/file; cat /data/file; echo; echo x > /data/new; stat -c %u /data/new'
      assert.equal(output(script, { mounts }), '0\nof the host\n0\n')
      assert.equal(statSync(join(source, 'new')).uid, 0)
    })

    test('devices are there and no other can be made', () => {
      const script =
        'echo x > /dev/null && stat -c %t:%T /dev/null; mknod /tmp/disk b 254 0 2>/dev/null || echo refused'
      assert.equal(output(script), '1:3\nrefused\n')
    })

    test('exec enters it; an id that is not mapped is refused', () => {
      bundle('sleep 1000')
      const silent = { stdio: 'ignore', timeout: 20_000 } as const
      const argv = ['--root', join(folder, 'state'), 'run', '-d', '--bundle', folder, id]
      assert.equal(spawnSync(program, [...words, ...argv], silent).status, 0)
      assert.match(oci('exec', id, 'sh', '-c', 'cat /proc/self/uid_map; id -u').stdout, /^\s+0\s+1000000\s+65536\n0\n$/)
      assert.equal(oci('exec', '--user', '1000:1001', id, 'id', '-u').stdout, '1000\n')
      assert.notEqual(oci('exec', '--user', '70000', id, 'id', '-u').status, 0)
      const { pid } = JSON.parse(oci('state', id).stdout) as { pid: number }
      assert.equal(statSync(`/proc/${pid}`).uid, first)

      const namespaces = types.map(type =>
        ['user', 'network'].includes(type)
          ? { type, path: `/proc/${pid}/ns/${type === 'network' ? 'net' : type}` }
          : { type },
      )
      bundle('cat /proc/self/uid_map; ls -d /sys/class/net/lo', {
        linux: { namespaces, cgroupsPath: `/${id}-2` },
      })
      const joined = oci('run', '--bundle', folder, `${id}-2`)
      assert.equal(joined.stdout, `${readFileSync(`/proc/${pid}/uid_map`, 'utf8')}/sys/class/net/lo\n`, joined.stderr)
      assert.equal(oci('delete', '--force', id).status, 0)
    })

    test('hooks of the container run in it, as its root', () => {
      const script = `cat > /dev/null; id -u > ${join(folder, 'rootfs/tmp/hooked')}`
      const hooks = { createContainer: [{ path: '/bin/sh', args: ['sh', '-c', script] }] }
      assert.equal(output('cat /tmp/hooked', { hooks }), '0\n')
      assert.equal(statSync(join(folder, 'rootfs/tmp/hooked')).uid, first)
    })

    // crun 1.28: "openat `/proc/self/timens_offsets`: Permission denied".
    test('a time namespace with offsets', { skip: name === 'crun' }, () => {
      const namespaces = [...types, 'time'].map(type => ({ type }))
      const linux = { namespaces, timeOffsets: { boottime: { secs: 100_000 } } }
      assert.match(output('cat /proc/self/timens_offsets', { linux }), /^boottime\s+100000\s+0$/m)
    })

    test('maps that cannot be are told', () => {
      const twice = { uidMappings: [...maps, ...maps] }
      const without = { uidMappings: [], gidMappings: [] } // crun maps everything
      const elsewhere = { namespaces: types.filter(type => type !== 'user').map(type => ({ type })) } // runc maps nothing
      for (const linux of name === 'berth' ? [twice, without, elsewhere] : [twice]) {
        bundle('id', { linux })
        const { status, stderr } = oci('run', '--bundle', folder, id)
        assert.notEqual(status, 0, JSON.stringify(linux))
        assert.notEqual(stderr, '')
        oci('delete', '--force', id)
      }
    })

    // runc mounts no sysfs there.
    test('the network of the host under a user namespace', { skip: name === 'runc' }, () => {
      const namespaces = types.filter(type => type !== 'network').map(type => ({ type }))
      assert.match(output('ls /sys/class/net', { linux: { namespaces } }), /^lo$/m)
    })
  })
}
