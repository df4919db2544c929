import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { countCalls } from '../../support/system-calls.mjs'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const peers = (process.env['BERTH_PEER_RUNTIMES'] ?? '').split(',').filter(Boolean)

/**
 * Of the whole run, the container's program, its 27 dropped capabilities and the removal included, on a host with nine hierarchies of cgroup v1: about 262,
 * and one for each page of /proc/self/mountinfo. crun 1.28 makes 820, runc 1.3 some thousands.
 */
const most = 285

test('run of a program takes few system calls', t => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-calls-'))
  try {
    writeBundle(folder)
    const count = (name: string, program: string[]) =>
      countCalls([
        ...program,
        '--root',
        join(folder, 'state'),
        'run',
        '--bundle',
        folder,
        `berth-calls-${process.pid}-${name}`,
      ])
    const own = count('berth', [join(root, 'dist/berth-native'), 'oci'])
    assert.ok(own !== undefined, 'strace is there (.ci/setup --test installs it)')
    t.diagnostic(`${own} system calls`)
    assert.ok(own <= most, `${own} system calls; ${most} were enough`)
    for (const [name = '', program = ''] of peers.map(peer => peer.split('='))) {
      const theirs = count(name, [program])
      t.diagnostic(`${name}: ${theirs}`)
      assert.ok(theirs === undefined || own < theirs, `${own} against ${theirs} of ${name}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function writeBundle(folder: string): void {
  for (const name of ['bin', 'proc', 'dev']) mkdirSync(join(folder, 'rootfs', name), { recursive: true })
  copyFileSync('/bin/busybox', join(folder, 'rootfs/bin/true'))
  const namespaces = ['pid', 'mount', 'ipc', 'uts', 'network'].map(type => ({ type }))
  const usual = [
    'CHOWN',
    'DAC_OVERRIDE',
    'FSETID',
    'FOWNER',
    'MKNOD',
    'NET_RAW',
    'SETGID',
    'SETUID',
    'SETFCAP',
    'SETPCAP',
  ]
  const sets = [...usual, 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'].map(name => `CAP_${name}`)
  const config = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['/bin/true'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: sets, effective: sets, permitted: sets },
    },
    root: { path: 'rootfs' },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: { namespaces, cgroupsPath: `/berth-calls-${process.pid}` },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
}
