import { existsSync, readFileSync, statSync } from 'node:fs'
import { cpus, hostname, totalmem } from 'node:os'

/** What the daemon says about the machine, read once. */
export interface HostDescription {
  readonly hostname: string
  readonly cpuCount: number
  /** Processors and memory nodes in the kernel's notation: `0-3`. */
  readonly cpus: string
  readonly memoryNodes: string
  readonly memoryBytes: number
  readonly machineId: string
  /** Changes with every boot. */
  readonly bootId: string
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly operatingSystem: string
  readonly osVersion: string
  readonly forwardsIpv4: boolean
  /** The kernel accounts swap. */
  readonly hasSwapLimit: boolean
  /** A scheduler of block devices knows weights. */
  readonly hasBlockIoWeight: boolean
  /** cgroup v1 only, as is swappiness. */
  readonly hasOomKillDisable: boolean
}

export function describeHost(cgroupVersion: 'v1' | 'v2'): HostDescription {
  const release = read('/etc/os-release')
  return {
    hostname: hostname(),
    cpuCount: cpus().length,
    cpus: read('/sys/devices/system/cpu/online').trim() || `0-${cpus().length - 1}`,
    // A kernel without NUMA has no such file, and one node.
    memoryNodes: read('/sys/devices/system/node/online').trim() || '0',
    memoryBytes: totalmem(),
    machineId: read('/etc/machine-id').trim(),
    bootId: read('/proc/sys/kernel/random/boot_id').trim(),
    operatingSystem: releaseField(release, 'PRETTY_NAME') || 'Linux',
    osVersion: releaseField(release, 'VERSION_ID'),
    forwardsIpv4: read('/proc/sys/net/ipv4/ip_forward').trim() === '1',
    hasSwapLimit: cgroupVersion === 'v2' || existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'),
    // v2 shows its weights only below the root: whether they work is known when a group is made.
    hasBlockIoWeight:
      cgroupVersion === 'v2' || ['weight', 'bfq.weight'].some(it => existsSync(`/sys/fs/cgroup/blkio/blkio.${it}`)),
    hasOomKillDisable: cgroupVersion === 'v1',
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const releaseField = (text: string, name: string): string =>
  new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? ''

/** A file's text, read again only when it has changed. */
export function cachedText(path: string): () => string {
  let text = ''
  let stamp = ''
  return () => {
    const info = statSync(path, { throwIfNoEntry: false })
    const now = info === undefined ? '' : `${info.ino}:${info.mtimeMs}:${info.size}`
    if (now !== stamp) {
      text = read(path)
      stamp = now
    }
    return text
  }
}
