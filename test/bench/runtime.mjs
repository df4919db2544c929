// What the native runtime costs: beside another OCI runtime on the same bundle, and beside a bare program that only makes the system calls.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { countCalls } from '../support/system-calls.mjs'
import { output } from './programs.mjs'
import { ask } from './requests.mjs'
import { image } from './stacks.mjs'

const runs = 20
const containers = 100

/**
 * Milliseconds of CPU of `run` of a /bin/true. BENCH_PEER_RUNTIME names the other runtime (a program), BENCH_PEER_ROOT the root folder of the system that
 * it belongs to (default /): it is run with that as its root, and with plain cgroup v1 where this host is hybrid, which crun refuses.
 */
export function runtimeFigures(root, programs, note) {
  const { BENCH_PEER_RUNTIME: peer, BENCH_PEER_ROOT: peerRoot = '/' } = process.env
  const folder = mkdtempSync(join(peerRoot, 'tmp', 'berth-bench-'))
  const seen = folder.slice(peerRoot.length - (peerRoot.endsWith('/') ? 1 : 0))
  try {
    writeBundle(folder)
    const own = [
      join(root, 'dist', 'berth-native'),
      'oci',
      '--root',
      join(folder, 'state'),
      'run',
      '--bundle',
      folder,
      'berth-bench-%d',
    ]
    const other = [peer, '--root', join(seen, 'peer'), 'run', '--bundle', seen, 'berth-bench-peer-%d']
    for (let round = 0; round < 2; round++) {
      for (const ms of cpuOf(programs, own)) note('run of true by the OCI command line, CPU', 'berth', 'ms', ms)
      if (!peer) continue
      const argv = ['--root', peerRoot, ...(readFileSync('/proc/mounts', 'utf8').includes('cgroup2') ? ['--v1'] : [])]
      for (const ms of cpuOf(programs, other, argv)) note('run of true by the OCI command line, CPU', 'peer', 'ms', ms)
    }
    note(
      'run of true by the OCI command line, system calls',
      'berth',
      'calls',
      countCalls(own.map(word => word.replace('%d', 'calls'))),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function cpuOf(programs, words, options = []) {
  const rows = output(programs['cpu-of'], [...options, String(runs), ...words])
    .trim()
    .split('\n')
  return rows.map(row => Number(row.split(' ')[0]) / 1000)
}

/** The bundle that `runc spec` describes, in short: Docker's mounts, masks and three capabilities. */
export function writeBundle(folder) {
  for (const name of ['bin', 'dev', 'proc', 'sys']) mkdirSync(join(folder, 'rootfs', name), { recursive: true })
  cpSync('/bin/busybox', join(folder, 'rootfs/bin/busybox'))
  symlinkSync('busybox', join(folder, 'rootfs/bin/true'))
  const three = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']
  const mount = (destination, type, ...options) => ({
    destination,
    type,
    source: type,
    options: ['nosuid', ...options],
  })
  const config = {
    ociVersion: '1.0.2',
    process: {
      ...{ user: { uid: 0, gid: 0 }, args: ['/bin/true'], env: ['PATH=/bin'], cwd: '/', noNewPrivileges: true },
      capabilities: { bounding: three, effective: three, permitted: three },
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'bench',
    mounts: [
      mount('/proc', 'proc'),
      mount('/dev', 'tmpfs', 'strictatime', 'mode=755', 'size=65536k'),
      mount('/dev/pts', 'devpts', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'),
      mount('/dev/shm', 'tmpfs', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
      mount('/dev/mqueue', 'mqueue', 'noexec', 'nodev'),
      mount('/sys', 'sysfs', 'noexec', 'nodev', 'ro'),
    ],
    linux: {
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map(type => ({ type })),
      maskedPaths: ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
}

/** Seconds for starting and killing 100 containers of one network, by the API on a side and by the bare program. */
export async function hundredFigures(side, programs, folder, note) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const call = (method, path, body) => ask(side.socket, method, path, body, agent)
  const ids = []
  const each = work => Promise.all(ids.map(work))
  await call('POST', '/networks/create', { Name: 'bench-hundred' })
  try {
    const config = { Image: image, Cmd: ['sleep', '1000000'], HostConfig: { NetworkMode: 'bench-hundred' } }
    for (let i = 0; i < containers; i++) ids.push((await call('POST', '/containers/create', config)).Id)
    for (let round = 0; round < 3; round++) {
      const began = performance.now()
      await each(id => call('POST', `/containers/${id}/start`))
      await each(id => call('POST', `/containers/${id}/kill`))
      await each(id => call('POST', `/containers/${id}/wait`))
      note(`${containers} containers with network started and killed`, 'berth', 's', (performance.now() - began) / 1000)
      note(`${containers} containers with network started and killed`, 'bare', 's', bare(programs, folder))
    }
  } finally {
    await each(id => call('DELETE', `/containers/${id}?force=1&v=1`))
    await call('DELETE', '/networks/bench-hundred')
    agent.destroy()
  }
}

function bare(programs, folder) {
  const rootfs = join(folder, 'bare')
  for (const name of ['bin', 'dev', 'proc', 'sys']) mkdirSync(join(rootfs, name), { recursive: true })
  cpSync('/bin/busybox', join(rootfs, 'bin/sleep'))
  const words = ['-m', programs['bare-start'], String(containers), rootfs]
  return Number(execFileSync('unshare', words, { encoding: 'utf8' }).trim().split(' ')[2])
}
