import type { ContainerConfig } from '../../schemas/api/container-create.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import type {
  InjectedFile,
  LogConfig,
  OtherRuntime,
  RootFilesystem,
  StartConfig,
} from '../../schemas/runtime/monitor.ts'
import type {
  OciDevice,
  OciDeviceRule,
  OciNamespace,
  OciProcess,
  OciRlimit,
  OciSeccomp,
  OciSpec,
} from '../../schemas/runtime/oci.ts'
import type { IdMaps } from '../users/remap.ts'
import type { ResolvedMount } from '../volumes/mounts.ts'
import { containerCapabilities } from './capabilities.ts'
import { toMounts } from './mounts.ts'
import { allDeviceRules, type BlockIo, defaultDeviceRules, toResources } from './resources.ts'
import type { SecurityOptions } from './security.ts'

/** Numbers behind `user[:group]`, looked up in the container's own files. */
export interface ResolvedUser {
  readonly uid: number
  readonly gid: number
  readonly additionalGids: readonly number[]
  /** '/' for an unknown user. */
  readonly home: string
}

/** What of the host a spec depends on. */
export interface HostTraits {
  readonly capabilities: readonly string[]
  readonly hasSwapLimit: boolean
  readonly hostname: string
  /** Parent cgroup of all containers, e.g. `/berth`. */
  readonly cgroupParent: string
}

/** Everything that a container's start needs to know, already looked up. */
export interface SpecInput {
  readonly id: string
  readonly args: readonly string[]
  readonly config: ContainerConfig
  readonly hostConfig: HostConfig
  readonly security: SecurityOptions
  readonly user: ResolvedUser
  readonly rootfsPath: string
  readonly rootfs: RootFilesystem
  readonly volumes: readonly ResolvedMount[]
  readonly etcFiles: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string }
  /** Undefined: stay in the host's network namespace. */
  readonly netnsPath: string | undefined
  /** For `container:` modes: namespace file of the other container. */
  readonly ipcPath?: string
  readonly pidPath?: string
  readonly userns?: UserNamespace
  /** The host's folder for /dev/shm, when containers share it. */
  readonly sharedMemory?: string
  readonly devices: readonly OciDevice[]
  readonly deviceRules: readonly OciDeviceRule[]
  readonly blockIo?: BlockIo
  readonly files: readonly InjectedFile[]
  readonly log: LogConfig
  /** Undefined: ours. */
  readonly runtime?: OtherRuntime | undefined
  readonly killsAllOnOom: boolean
  /** What the program syncs in its writable layer must be on the disk: not for layers that go with the container, or lie in memory. */
  readonly isDurable: boolean
  readonly consoleSize?: { readonly height: number; readonly width: number }
  readonly host: HostTraits
}

/** The user namespace of a container: a new one with maps, or one to join. */
export interface UserNamespace {
  readonly namespace: OciNamespace
  readonly maps?: IdMaps
  /** Layers and volumes hold the ids that the container sees; binds of the host keep those that the host sees. */
  readonly isIdmapped: boolean
}

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** moby oci/defaults.go, Docker 28. */
export const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/** What the monitor is told to start. Pure: the same input gives the same bytes. */
export function toStartConfig(input: SpecInput): StartConfig {
  const { config, hostConfig } = input
  return {
    spec: toSpec(input),
    rootfs:
      input.userns?.isIdmapped === true && input.rootfs.kind === 'overlay'
        ? { ...input.rootfs, isIdmapped: true }
        : input.rootfs,
    stdio: { stdin: config.OpenStdin === true, stdinOnce: config.StdinOnce === true },
    log: input.log,
    files: input.files,
    onOom: input.killsAllOnOom ? 'killAll' : 'report',
    init: hostConfig.Init === true,
    isDurable: input.isDurable,
    ...(input.runtime === undefined ? {} : { runtime: input.runtime }),
  }
}

function toSpec(input: SpecInput): OciSpec {
  const { config, hostConfig, security, host } = input
  const isPrivileged = hostConfig.Privileged === true
  const isUnmasked = isPrivileged || security.systemPathsUnconfined
  const capabilities = containerCapabilities({
    add: hostConfig.CapAdd ?? [],
    drop: hostConfig.CapDrop ?? [],
    isPrivileged,
    available: host.capabilities,
  })
  const sharesUts = hostConfig.UTSMode === 'host'
  const sysctl = Object.fromEntries(
    Object.entries(hostConfig.Sysctls ?? {}).filter(([name]) => !name.startsWith('net.')),
  )
  return {
    ociVersion: '1.2.0',
    ...(sharesUts ? {} : { hostname: hostnameOf(input) }),
    ...(sharesUts || !config.Domainname ? {} : { domainname: config.Domainname }),
    process: toProcess(input, capabilities),
    root: { path: input.rootfsPath, readonly: hostConfig.ReadonlyRootfs === true },
    mounts: toMounts({
      hostConfig,
      volumes: input.volumes,
      files: input.etcFiles,
      isIdmapped: input.userns?.isIdmapped === true,
      sharedMemory: input.sharedMemory,
    }),
    annotations: { ...hostConfig.Annotations, ...seccompAnnotation(security, isPrivileged) },
    linux: {
      namespaces: toNamespaces(input),
      ...(input.userns?.maps === undefined
        ? {}
        : { uidMappings: input.userns.maps.uid, gidMappings: input.userns.maps.gid }),
      devices: input.devices,
      cgroupsPath: `${cgroupParent(hostConfig.CgroupParent || host.cgroupParent)}/${input.id}`,
      resources: {
        ...toResources(hostConfig, host, input.blockIo),
        devices: isPrivileged ? allDeviceRules : [...defaultDeviceRules, ...input.deviceRules],
      },
      sysctl,
      maskedPaths: isUnmasked ? [] : (hostConfig.MaskedPaths ?? maskedPaths),
      readonlyPaths: isUnmasked ? [] : (hostConfig.ReadonlyPaths ?? readonlyPaths),
      ...(security.seccomp === 'default' || security.seccomp === 'unconfined' || isPrivileged
        ? {}
        : { seccomp: security.seccomp satisfies OciSeccomp }),
    },
  }
}

/** Compose's `cgroup_parent: m-executor-abcd` has no slash: all parents lie below the hierarchy's root. */
const cgroupParent = (path: string): string => `/${path.replace(/^\/+|\/+$/g, '')}`

/** The default profile lives in native, by name; a profile of the user's own travels in the spec. */
function seccompAnnotation(security: SecurityOptions, isPrivileged: boolean): Record<string, string> {
  if (isPrivileged || security.seccomp === 'unconfined') return { 'berth.seccomp': 'unconfined' }
  return security.seccomp === 'default' ? { 'berth.seccomp': 'default' } : {}
}

function toProcess(input: SpecInput, capabilities: readonly string[]): OciProcess {
  const { config, hostConfig, user } = input
  return {
    terminal: config.Tty === true,
    ...(input.consoleSize === undefined ? {} : { consoleSize: input.consoleSize }),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: input.args,
    env: toEnvironment(hostnameOf(input), config.Tty === true, user.home, config.Env ?? []),
    cwd: config.WorkingDir || '/',
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    rlimits: toRlimits(hostConfig),
    noNewPrivileges: input.security.noNewPrivileges,
    // Always said: a monitor's own score, which the kernel would pass on, is far lower.
    oomScoreAdj: hostConfig.OomScoreAdj ?? 0,
  }
}

/** PATH, HOSTNAME, TERM, then the container's own (a bare `NAME` removes), then HOME when nobody gave one: dockerd's order. */
export function toEnvironment(
  hostname: string,
  isTerminal: boolean,
  home: string,
  own: readonly string[],
): readonly string[] {
  const variables = new Map<string, string>([
    ['PATH', defaultPath],
    ['HOSTNAME', hostname],
  ])
  if (isTerminal) variables.set('TERM', 'xterm')
  for (const entry of own) {
    const at = entry.indexOf('=')
    if (at === -1) variables.delete(entry)
    else variables.set(entry.slice(0, at), entry.slice(at + 1))
  }
  if (!variables.has('HOME')) variables.set('HOME', home)
  return [...variables].map(([name, value]) => `${name}=${value}`)
}

const hostnameOf = (input: SpecInput): string => {
  const isHosts = input.hostConfig.UTSMode === 'host' || input.hostConfig.NetworkMode === 'host'
  return input.config.Hostname || (isHosts ? input.host.hostname : input.id.slice(0, 12))
}

function toNamespaces(input: SpecInput): readonly OciNamespace[] {
  const { hostConfig } = input
  const namespaces: OciNamespace[] = [
    { type: 'mount' },
    ...(input.userns === undefined ? [] : [input.userns.namespace]),
  ]
  if (hostConfig.CgroupnsMode !== 'host') namespaces.push({ type: 'cgroup' })
  if (hostConfig.UTSMode !== 'host') namespaces.push({ type: 'uts' })
  if (input.ipcPath !== undefined) namespaces.push({ type: 'ipc', path: input.ipcPath })
  else if (hostConfig.IpcMode !== 'host') namespaces.push({ type: 'ipc' })
  if (input.pidPath !== undefined) namespaces.push({ type: 'pid', path: input.pidPath })
  else if (hostConfig.PidMode !== 'host') namespaces.push({ type: 'pid' })
  if (input.netnsPath !== undefined) namespaces.push({ type: 'network', path: input.netnsPath })
  return namespaces
}

/** HostConfig.Ulimits, for the container's process and for execs alike. */
export const toRlimits = (hostConfig: HostConfig): readonly OciRlimit[] =>
  (hostConfig.Ulimits ?? []).map(limit => ({
    type: `RLIMIT_${limit.Name.toUpperCase()}`,
    soft: limit.Soft,
    hard: limit.Hard,
  }))
