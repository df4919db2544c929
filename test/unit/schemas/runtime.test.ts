import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Answer } from '../../../schemas/runtime/frame.ts'
import type { LayerRequest } from '../../../schemas/runtime/layer.ts'
import type {
  ContainerUsage,
  MonitorEvent,
  MonitorHello,
  MonitorRequest,
  MonitorState,
} from '../../../schemas/runtime/monitor.ts'
import type { OciProcess, OciSpec } from '../../../schemas/runtime/oci.ts'
import type { SpawnerEvent, SpawnerRequest } from '../../../schemas/runtime/spawner.ts'

/** `schemas/runtime/samples.json` is this value: written here, where the compiler checks it against the types, read by the C tests as it is. */
type WithId<T> = T & { readonly id: number }

const process = {
  args: ['/bin/sh', '-c', 'echo hello'],
  env: ['PATH=/usr/bin:/bin', 'LANG=C.UTF-8'],
  cwd: '/srv',
  user: { uid: 1000, gid: 1000, umask: 18, additionalGids: [10, 20] },
  capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'], effective: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'] },
  rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }],
  noNewPrivileges: true,
  oomScoreAdj: 100,
} satisfies OciProcess

const spec = {
  ociVersion: '1.2.0',
  hostname: 'web',
  process,
  root: { path: '/run/berth/containers/abc/rootfs', readonly: true },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/data', type: 'bind', source: '/srv/data', options: ['rbind', 'ro', 'rprivate'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['size=64m', 'mode=1777'] },
  ],
  annotations: { 'berth.seccomp': 'default' },
  linux: {
    namespaces: [
      { type: 'pid' },
      { type: 'mount' },
      { type: 'ipc' },
      { type: 'uts' },
      { type: 'network', path: '/run/berth/netns/abc' },
    ],
    devices: [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0 }],
    cgroupsPath: '/berth/abc',
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
      ],
      memory: { limit: 67108864, reservation: 33554432, swap: -1 },
      cpu: { shares: 512, quota: 50000, period: 100000, cpus: '0' },
      pids: { limit: 100 },
      blockIO: { weight: 500 },
    },
    sysctl: { 'net.core.somaxconn': '1024' },
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
  },
} satisfies OciSpec

const monitorRequests = [
  {
    id: 2,
    op: 'start',
    spec,
    rootfs: {
      kind: 'overlay',
      lower: ['/var/lib/berth/layers/b', '/var/lib/berth/layers/a'],
      upper: '/var/lib/berth/c/upper',
      work: '/var/lib/berth/c/work',
    },
    stdio: { stdin: true, stdinOnce: true },
    log: { kind: 'json-file', path: '/var/lib/berth/containers/abc/abc-json.log', maxBytes: 1048576, maxFiles: 3 },
    files: [{ path: '/run/secrets/key', mode: 256, uid: 0, gid: 0, contentBase64: 'c2VjcmV0' }],
    onOom: 'killAll',
    init: true,
    isDurable: false,
    runtime: { path: '/usr/bin/crun', arguments: ['--debug'] },
  },
  { id: 3, op: 'signal', signal: 15 },
  { id: 4, op: 'signal', signal: 9, all: true },
  {
    id: 5,
    op: 'exec',
    execId: 'e1',
    process: { ...process, terminal: true, consoleSize: { height: 24, width: 80 } },
    stdin: true,
  },
  { id: 6, op: 'resize', height: 40, width: 120 },
  { id: 7, op: 'resize', execId: 'e1', height: 40, width: 120 },
  { id: 8, op: 'pause' },
  { id: 9, op: 'resume' },
  { id: 10, op: 'update', resources: { memory: { limit: 134217728, swap: 134217728 }, cpu: { quota: -1 } } },
  { id: 11, op: 'usage' },
  { id: 12, op: 'processes' },
  { id: 13, op: 'release' },
] satisfies readonly WithId<MonitorRequest>[]

const exit = {
  pid: 4711,
  code: 137,
  signal: 9,
  startedAt: '2026-01-02T03:04:05.000000006Z',
  finishedAt: '2026-01-02T03:05:05.12Z',
  oomKills: 1,
  memoryPeak: 67108864,
}

const samples = {
  spawnerRequests: [
    { id: 1, op: 'monitor', containerId: 'abc', bundle: '/run/berth/containers/abc' },
    { id: 2, op: 'layer', socket: '/run/berth/layers/1.sock' },
    { id: 3, op: 'netd' },
    { id: 4, op: 'facts' },
  ] satisfies readonly WithId<SpawnerRequest>[],
  spawnerEvents: [{ event: 'workerExit', pid: 4711, code: 137, signal: 9 }] satisfies readonly SpawnerEvent[],
  monitorHellos: [
    { id: 1, op: 'control' },
    { id: 1, op: 'attach', stdin: true, stdout: true, stderr: true },
    { id: 1, op: 'attach', execId: 'e1', stdin: false, stdout: true, stderr: false },
  ] satisfies readonly MonitorHello[],
  monitorRequests,
  monitorEvents: [
    { event: 'exit', ...exit },
    {
      event: 'oom',
      at: '2026-01-02T03:05:05Z',
      killsTotal: 1,
      memoryLimit: 67108864,
      memoryPeak: 67108864,
      victim: { pid: 4712, name: 'worker', rssBytes: 66000000 },
    },
    { event: 'oom', at: '2026-01-02T03:05:06Z', killsTotal: 2, memoryLimit: 0, memoryPeak: 0 },
    { event: 'execExit', execId: 'e1', code: 0, pid: 4713 },
  ] satisfies readonly MonitorEvent[],
  monitorStates: [
    { status: 'idle', oomKills: 0, execs: [] },
    { status: 'running', oomKills: 0, execs: ['e1'], pid: 4711, startedAt: exit.startedAt },
    { status: 'exited', oomKills: 1, execs: [], exit },
  ] satisfies readonly MonitorState[],
  usage: {
    cpu: { totalNs: 5, userNs: 3, systemNs: 2 },
    memory: { usage: 4096, limit: 67108864, peak: 8192, failures: 0, stat: { cache: 0, rss: 4096 } },
    pids: { current: 2, limit: 100 },
  } satisfies ContainerUsage,
  layerRequests: [
    {
      id: 1,
      op: 'unpack',
      target: '/var/lib/berth/layers/a',
      maxBytes: 1073741824,
      maxEntries: 100000,
      whiteouts: 'overlay',
    },
    {
      id: 1,
      op: 'unpack',
      target: '/var/lib/berth/layers/b',
      source: { path: '/var/lib/berth/images/blobs/sha256/b', offset: 512, length: 1024 },
      maxBytes: 1073741824,
      maxEntries: 100000,
      whiteouts: 'none',
    },
    { id: 1, op: 'pack', source: '/var/lib/berth/c/upper', whiteouts: 'overlay' },
    {
      id: 1,
      op: 'copyUp',
      lower: ['/var/lib/berth/layers/b/diff', '/var/lib/berth/layers/a/diff'],
      subpath: '/data',
      target: '/var/lib/berth/volumes/v/.filling',
    },
    { id: 1, op: 'remove', target: '/var/lib/berth/c' },
    {
      id: 1,
      op: 'mount',
      type: 'nfs',
      source: ':/export',
      target: '/var/lib/berth/volumes/v/_data',
      options: ['addr=192.0.2.1', 'ro'],
    },
    { id: 1, op: 'unmount', target: '/var/lib/berth/volumes/v/_data' },
  ] satisfies readonly LayerRequest[],
  answers: [
    { id: 2, ok: { pid: 4711, startedAt: exit.startedAt, warnings: [] } },
    { id: 3, error: { stage: 'exec', errno: 2, message: '/bin/nothing: No such file or directory' } },
    {
      id: 4,
      ok: {},
      trace: [
        ['received', 81_000_000],
        ['attach', 81_000_500],
      ],
    },
  ] satisfies readonly Answer[],
}

const path = join(environment('BERTH_ROOT'), 'schemas/runtime/samples.json')

function environment(name: string): string {
  const value = globalThis.process.env[name]
  assert.ok(value, `${name} is not set`)
  return value
}

test('the golden samples of the native protocol are what the types say', () => {
  const text = `${JSON.stringify(samples, null, 2)}\n`
  if (globalThis.process.env['UPDATE_GOLDEN']) writeFileSync(path, text)
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), JSON.parse(text))
})

test('answers are either ok or a failure', () => {
  for (const answer of samples.answers) assert.deepEqual(Answer.parse(answer), answer)
  assert.throws(() => Answer.parse({ id: 1 }))
  assert.throws(() => Answer.parse({ id: 1, error: { stage: 'exec' } }))
})
