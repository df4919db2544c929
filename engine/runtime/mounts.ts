import type { HostConfig, MountSpec } from '../../schemas/api/host-config.ts'
import type { OciMount } from '../../schemas/runtime/oci.ts'
import type { ResolvedMount } from '../volumes/mounts.ts'

export interface MountPlan {
  /** The host's folder for /dev/shm of containers that share one. */
  readonly sharedMemory?: string | undefined
  readonly hostConfig: HostConfig
  readonly volumes: readonly ResolvedMount[]
  /** Host files that become /etc/hosts, /etc/hostname, /etc/resolv.conf. */
  readonly files: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string }
  /** What is the engine's own, volumes and the files above, shows the ids on the disk as the container's. */
  readonly isIdmapped?: boolean
}

export const defaultShmBytes = 64 * 1024 * 1024

/** Every mount of a container in the order of mounting: kernel file systems, the three files, then the user's from the shallowest to the deepest. */
export function toMounts(plan: MountPlan): readonly OciMount[] {
  const users = [
    ...tmpfsMounts(plan.hostConfig),
    ...plan.volumes.map(mount => bindMount(mount, plan.isIdmapped === true)),
  ]
  const taken = new Set(users.map(mount => mount.destination))
  const own = [
    ...kernelMounts(plan.hostConfig, plan.sharedMemory),
    ...fileMounts(plan.files, plan.isIdmapped === true),
  ].filter(mount => !isTaken(taken, mount.destination))
  // Stable: mounts of the same depth stay as the client gave them.
  return [...own, ...users.sort((a, b) => depth(a.destination) - depth(b.destination))]
}

/** A user's mount at a path, or at /dev, /proc, /sys above it, replaces ours. */
function isTaken(taken: ReadonlySet<string>, destination: string): boolean {
  if (taken.has(destination)) return true
  const top = /^\/(?:dev|proc|sys)(?=\/)/.exec(destination)?.[0]
  return top !== undefined && taken.has(top)
}

const depth = (path: string): number => path.split('/').filter(part => part !== '').length

function kernelMounts(config: HostConfig, sharedMemory: string | undefined): OciMount[] {
  const isPrivileged = config.Privileged === true
  const mode = isPrivileged ? 'rw' : 'ro'
  const mounts: OciMount[] = [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', mode] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', mode] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  ]
  if (config.IpcMode === 'host') mounts.push(bindOf('/dev/shm', '/dev/shm', ['rbind', 'rprivate']))
  else if (sharedMemory !== undefined) mounts.push(bindOf(sharedMemory, '/dev/shm', ['rbind', 'rprivate']))
  else if (config.IpcMode !== 'none') {
    const size = config.ShmSize || defaultShmBytes
    mounts.push({
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${size}`],
    })
  }
  return mounts
}

function fileMounts(files: MountPlan['files'], isIdmapped: boolean): OciMount[] {
  const options = ['rbind', 'rprivate', ...(isIdmapped ? ['idmap'] : [])]
  return [
    bindOf(files.resolvConf, '/etc/resolv.conf', options),
    bindOf(files.hostname, '/etc/hostname', options),
    bindOf(files.hosts, '/etc/hosts', options),
  ]
}

const bindOf = (source: string, destination: string, options: readonly string[]): OciMount => ({
  destination,
  type: 'bind',
  source,
  options,
})

function bindMount(mount: ResolvedMount, isIdmapped: boolean): OciMount {
  const bind = mount.isRecursive ? 'rbind' : 'bind'
  // Docker makes `:ro` hold for everything below too, where the kernel can (5.12).
  const access = mount.isReadOnly ? (mount.isRecursive && mount.isFlatReadOnly !== true ? ['ro', 'rro'] : ['ro']) : []
  return bindOf(mount.source, mount.target, [
    bind,
    ...access,
    mount.propagation === '' ? 'rprivate' : mount.propagation,
    // A bind of the host's files keeps the host's owners unless it is told otherwise: root inside is nobody there.
    ...(isIdmapped && (mount.kind === 'volume' || mount.isIdmapped === true) ? ['idmap'] : []),
  ])
}

function tmpfsMounts(config: HostConfig): OciMount[] {
  const fromMap = Object.entries(config.Tmpfs ?? {}).map(([path, options]) =>
    tmpfs(
      path,
      options.split(',').filter(text => text !== ''),
    ),
  )
  const fromMounts = (config.Mounts ?? [])
    .filter(mount => mount.Type === 'tmpfs')
    .map(mount => tmpfs(mount.Target ?? '', tmpfsOptions(mount)))
  return [...fromMap, ...fromMounts]
}

/** Docker's defaults hold unless the opposite is said. */
function tmpfs(path: string, options: readonly string[]): OciMount {
  const opposites: readonly (readonly [string, string])[] = [
    ['noexec', 'exec'],
    ['nosuid', 'suid'],
    ['nodev', 'dev'],
  ]
  const defaults = opposites.filter(([on, off]) => !options.includes(on) && !options.includes(off)).map(([on]) => on)
  return { destination: path, type: 'tmpfs', source: 'tmpfs', options: [...defaults, ...options] }
}

function tmpfsOptions(mount: MountSpec): string[] {
  const { SizeBytes, Mode, Options } = mount.TmpfsOptions ?? {}
  return [
    ...(mount.ReadOnly ? ['ro'] : []),
    ...(SizeBytes ? [`size=${SizeBytes}`] : []),
    ...(Mode ? [`mode=${Mode.toString(8)}`] : []),
    ...(Options ?? []).map(parts => parts.join('=')),
  ]
}
