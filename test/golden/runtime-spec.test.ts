import { test } from 'node:test'
import { type SpecInput, toStartConfig } from '../../engine/runtime/spec.ts'
import { assertGolden } from '../support/golden.ts'

const id = 'c0ffee'.padEnd(64, '0')

const plain: SpecInput = {
  id,
  args: ['sleep', '1000'],
  config: { Env: ['A=1', 'PATH=/bin', 'TERM'], WorkingDir: '/srv' },
  hostConfig: {},
  security: { noNewPrivileges: false, seccomp: 'default', systemPathsUnconfined: false },
  user: { uid: 1000, gid: 1000, additionalGids: [5], home: '/home/web' },
  rootfsPath: '/run/berth/containers/c/rootfs',
  rootfs: { kind: 'overlay', lower: ['/l2', '/l1'], upper: '/u', work: '/w' },
  volumes: [],
  etcFiles: { hosts: '/b/hosts', hostname: '/b/hostname', resolvConf: '/b/resolv.conf' },
  netnsPath: '/run/berth/netns/c',
  devices: [],
  deviceRules: [],
  files: [],
  log: { kind: 'json-file', path: '/d/log', maxBytes: 0, maxFiles: 1 },
  killsAllOnOom: false,
  isDurable: true,
  host: { capabilities: ['CAP_CHOWN', 'CAP_SYS_ADMIN'], hasSwapLimit: true, hostname: 'host', cgroupParent: '/berth' },
}

const samples: Readonly<Record<string, SpecInput>> = {
  plain,
  limits: {
    ...plain,
    killsAllOnOom: true,
    hostConfig: {
      Memory: 64 << 20,
      MemoryReservation: 32 << 20,
      NanoCpus: 1_500_000_000,
      CpuShares: 512,
      CpusetCpus: '0-1',
      PidsLimit: 100,
      OomScoreAdj: 500,
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }],
      Sysctls: { 'net.core.somaxconn': '1', 'kernel.shmmax': '2' },
      ShmSize: 1 << 20,
      Init: true,
    },
  },
  privileged: {
    ...plain,
    hostConfig: { Privileged: true, CgroupnsMode: 'host', PidMode: 'host', IpcMode: 'host', UTSMode: 'host' },
  },
  hardened: {
    ...plain,
    config: { Tty: true, OpenStdin: true },
    hostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: ['net_bind_service'],
      Tmpfs: { '/run': 'size=1m,exec', '/tmp': '' },
      Mounts: [{ Type: 'tmpfs', Target: '/cache', TmpfsOptions: { SizeBytes: 1 << 20, Mode: 0o1777 } }],
    },
    security: { noNewPrivileges: true, seccomp: 'default', systemPathsUnconfined: false },
    volumes: [
      {
        kind: 'volume',
        name: 'v',
        source: '/v/_data',
        target: '/data/deep',
        isReadOnly: false,
        propagation: '',
        isRecursive: true,
      },
      { kind: 'bind', source: '/src', target: '/data', isReadOnly: true, propagation: 'rslave', isRecursive: true },
      {
        kind: 'bind',
        source: '/my/hosts',
        target: '/etc/hosts',
        isReadOnly: true,
        propagation: '',
        isRecursive: false,
      },
    ],
    consoleSize: { height: 24, width: 80 },
  },
  userns: {
    ...plain,
    userns: { namespace: { type: 'user', ownerOf: '/run/berth/netns/c' }, isIdmapped: true },
    volumes: [
      { kind: 'volume', source: '/v/_data', target: '/data', isReadOnly: false, propagation: '', isRecursive: true },
      { kind: 'bind', source: '/src', target: '/src', isReadOnly: false, propagation: '', isRecursive: true },
    ],
  },
  'host-network': { ...plain, netnsPath: undefined, hostConfig: { NetworkMode: 'host' } },
}

for (const [name, input] of Object.entries(samples)) {
  test(`the start of a container: ${name}`, () => {
    assertGolden(`runtime-spec/${name}.json`, `${JSON.stringify(toStartConfig(input), null, 2)}\n`)
  })
}
