import type { SystemInfo } from '../../schemas/api/system.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { HostFacts } from '../../schemas/runtime/spawner.ts'
import { berthVersion } from '../../schemas/version.ts'
import type { ContainerContext } from '../containers/context.ts'
import { listWithSizes } from '../containers/list.ts'
import type { ApiVersion } from '../http/context.ts'
import { get, head, ok, type Reply, type Route } from '../http/route.ts'
import { formatVersion, isAtLeast, maxApiVersion, minApiVersion } from '../http/version.ts'
import { describeRegistries, indexServerAddress } from '../images/registry/describe-settings.ts'
import type { RegistrySettings } from '../images/registry/settings.ts'
import type { ImageUsage } from '../images/usage.ts'
import type { HostDescription } from '../system/host.ts'

export interface SystemRoutesOptions {
  readonly context: ContainerContext
  readonly facts: HostFacts
  readonly host: HostDescription
  readonly instance: string
  readonly registries: RegistrySettings
  readonly images: () => ImageUsage
  readonly volumes: () => Promise<readonly unknown[]>
  readonly buildCache: () => readonly unknown[]
}

/** `Builder-Version: 1` is the classic builder, the only one whose protocol is plain HTTP. */
const ping: Reply = {
  status: 200,
  body: 'OK',
  headers: {
    'Builder-Version': '1',
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    Swarm: 'inactive',
  },
}

export const systemRoutes = (options: SystemRoutesOptions): Route[] => [
  get('/_ping', () => ping),
  head('/_ping', () => ping),
  get('/version', () => ok(version(options))),
  get('/info', ({ version }) => ok(infoOf(version, info(options)))),
  get('/system/df', async ({ query, signal }) => {
    const types = query.getAll('type')
    for (const type of types) {
      if (!usageTypes.includes(type)) throw new BerthError('INVALID_ARGUMENT', `unknown object type: ${type}`)
    }
    return ok(await diskUsage(options, type => types.length === 0 || types.includes(type), signal))
  }),
]

const usageTypes: readonly string[] = ['container', 'image', 'volume', 'build-cache']

/** GET /system/df: sizes of everything, or of some kinds; the others are `null`. */
async function diskUsage(
  { context, images, volumes, buildCache }: SystemRoutesOptions,
  wants: (type: string) => boolean,
  signal: AbortSignal,
) {
  const all = { all: true, limit: 0, filters: new Map<string, readonly string[]>() }
  const [Containers, Volumes] = await Promise.all([
    wants('container') ? listWithSizes(context, all, signal) : null,
    wants('volume') ? volumes() : null,
  ])
  const usage = wants('image') ? images() : undefined
  return {
    LayersSize: usage?.layersSize ?? 0,
    Images: usage?.images ?? null,
    Containers,
    Volumes,
    BuildCache: wants('build-cache') ? buildCache() : null,
  }
}

const goArchitecture: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' }

function version({ facts }: SystemRoutesOptions) {
  const arch = goArchitecture[facts.architecture] ?? facts.architecture
  const common = {
    ApiVersion: formatVersion(maxApiVersion),
    MinAPIVersion: formatVersion(minApiVersion),
    Os: 'linux',
    Arch: arch,
  }
  return {
    Platform: { Name: `Berth ${berthVersion}` },
    // "Engine" carries what clients look up in the first component; "Berth" says who this is.
    Components: [
      {
        Name: 'Engine',
        Version: berthVersion,
        Details: { ...common, KernelVersion: facts.kernelRelease, Experimental: 'false', GitCommit: '', GoVersion: '' },
      },
      {
        Name: 'Berth',
        Version: berthVersion,
        Details: { NodeVersion: process.version, CgroupVersion: facts.cgroupVersion },
      },
    ],
    Version: berthVersion,
    ...common,
    GitCommit: '',
    GoVersion: '',
    KernelVersion: facts.kernelRelease,
    BuildTime: '',
  }
}

function info({ context, facts, host, images, registries }: SystemRoutesOptions): SystemInfo {
  const containers = context.registry.list()
  const count = (...statuses: readonly string[]): number =>
    containers.filter(({ state }) => statuses.includes(state.status)).length
  const running = count('running', 'restarting')
  const paused = count('paused')
  const hasController = (name: string): boolean => facts.controllers.includes(name)
  return {
    ID: host.machineId,
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: containers.length - running - paused,
    Images: images().images.length,
    Driver: 'overlay2',
    DriverStatus: [['Supports d_type', 'true']],
    DockerRootDir: context.dataRoot,
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null'],
      Authorization: null,
      Log: ['json-file', 'local', 'none'],
    },
    MemoryLimit: hasController('memory'),
    SwapLimit: context.host.hasSwapLimit,
    ...(facts.cgroupVersion === 'v1' ? { KernelMemoryTCP: hasController('memory') } : {}),
    CpuCfsPeriod: hasController('cpu'),
    CpuCfsQuota: hasController('cpu'),
    CPUShares: hasController('cpu'),
    CPUSet: hasController('cpuset'),
    PidsLimit: hasController('pids'),
    OomKillDisable: facts.cgroupVersion === 'v1',
    IPv4Forwarding: host.forwardsIpv4,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: facts.cgroupVersion === 'v2' ? '2' : '1',
    NEventsListener: 0,
    KernelVersion: facts.kernelRelease,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.osVersion,
    OSType: 'linux',
    Architecture: facts.architecture,
    NCPU: context.host.cpuCount,
    MemTotal: host.memoryBytes,
    IndexServerAddress: indexServerAddress,
    RegistryConfig: describeRegistries(registries),
    GenericResources: null,
    HttpProxy: withoutPassword(registries.proxies.http),
    HttpsProxy: withoutPassword(registries.proxies.https),
    NoProxy: registries.proxies.no ?? '',
    Name: context.host.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: berthVersion,
    Runtimes: context.runtimes.describe(),
    DefaultRuntime: context.runtimes.defaultName,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'berth-native',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    FirewallBackend: { Driver: facts.nftables ? 'nftables' : 'none' },
    SecurityOptions: [
      ...(facts.seccomp ? ['name=seccomp,profile=builtin'] : []),
      ...(context.users.remap === undefined ? [] : ['name=userns']),
      'name=cgroupns',
    ],
    CDISpecDirs: [],
    Warnings: warnings(facts),
  }
}

/** Members that came and went (moby api/server/router/system): those that only old clients know, and those that only new ones do. */
function infoOf(version: ApiVersion, now: SystemInfo): SystemInfo | Record<string, unknown> {
  if (isAtLeast(version, 50)) return now
  const { FirewallBackend, ...rest } = now
  return {
    ...rest,
    BridgeNfIptables: false,
    BridgeNfIp6tables: false,
    ...(isAtLeast(version, 49) ? { FirewallBackend } : {}),
    ...(isAtLeast(version, 47)
      ? {}
      : {
          RegistryConfig: {
            ...now.RegistryConfig,
            AllowNondistributableArtifactsCIDRs: null,
            AllowNondistributableArtifactsHostnames: null,
          },
        }),
    ...(isAtLeast(version, 42) ? {} : { KernelMemory: now.MemoryLimit }),
  }
}

/** As dockerd shows a proxy: `http://xxxxx:xxxxx@host`. */
function withoutPassword(proxy: string | undefined): string {
  return (proxy ?? '').replace(/^([a-z]+:\/\/)[^@/]*@/i, '$1xxxxx:xxxxx@')
}

function warnings(facts: HostFacts): readonly string[] | null {
  const found = [
    ...(facts.controllers.includes('memory') ? [] : ['WARNING: No memory limit support']),
    ...(facts.controllers.includes('cpu') ? [] : ['WARNING: No cpu limit support']),
    ...(facts.controllers.includes('pids') ? [] : ['WARNING: No pids limit support']),
    ...(facts.nftables ? [] : ['WARNING: No nftables: ports cannot be published by the kernel']),
  ]
  return found.length === 0 ? null : found
}
