import type { HostConfig } from '../../schemas/api/host-config.ts'
import type { OciDeviceRule, OciResources, OciThrottle } from '../../schemas/runtime/oci.ts'

/** What of the host changes how limits are written. */
export interface ResourceFacts {
  /** The kernel accounts swap: without it a swap limit cannot be set. */
  readonly hasSwapLimit: boolean
}

/** Block devices of the request, looked up on the host. */
export interface BlockIo {
  readonly weightDevice: readonly { readonly major: number; readonly minor: number; readonly weight: number }[]
  readonly readBps: readonly OciThrottle[]
  readonly writeBps: readonly OciThrottle[]
  readonly readIops: readonly OciThrottle[]
  readonly writeIops: readonly OciThrottle[]
}

const cpuPeriodUs = 100_000

/** Limits of a HostConfig (or of an update, which has the same members) as the runtime takes them; what is not asked for is absent. */
export function toResources(config: HostConfig, facts: ResourceFacts, blockIo?: BlockIo): OciResources {
  const memory = memoryOf(config, facts)
  const cpu = cpuOf(config)
  const pidsLimit = config.PidsLimit
  const io = blockIoOf(config, blockIo)
  return {
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit <= 0 ? -1 : pidsLimit } }),
    ...(io === undefined ? {} : { blockIO: io }),
  }
}

function memoryOf(config: HostConfig, facts: ResourceFacts): OciResources['memory'] {
  const limit = config.Memory ?? 0
  const swap = swapOf(config)
  return nonEmpty({
    ...(limit > 0 ? { limit } : {}),
    ...(config.MemoryReservation ? { reservation: config.MemoryReservation } : {}),
    ...(swap !== undefined && facts.hasSwapLimit ? { swap } : {}),
    ...(config.MemorySwappiness === undefined || config.MemorySwappiness < 0
      ? {}
      : { swappiness: config.MemorySwappiness }),
    ...(config.OomKillDisable ? { disableOOMKiller: true } : {}),
  })
}

/** Memory plus swap: twice the memory limit when nothing is said (moby daemon/daemon_unix.go, adaptContainerSettings). */
function swapOf(config: HostConfig): number | undefined {
  if (config.MemorySwap !== undefined && config.MemorySwap !== 0) return config.MemorySwap
  return config.Memory ? config.Memory * 2 : undefined
}

function cpuOf(config: HostConfig): OciResources['cpu'] {
  const fromNano = config.NanoCpus
    ? { quota: Math.round((config.NanoCpus * cpuPeriodUs) / 1e9), period: cpuPeriodUs }
    : undefined
  return nonEmpty({
    ...(config.CpuShares ? { shares: config.CpuShares } : {}),
    ...(fromNano ?? {
      ...(config.CpuQuota ? { quota: config.CpuQuota } : {}),
      ...(config.CpuPeriod ? { period: config.CpuPeriod } : {}),
    }),
    ...(config.CpuRealtimeRuntime ? { realtimeRuntime: config.CpuRealtimeRuntime } : {}),
    ...(config.CpuRealtimePeriod ? { realtimePeriod: config.CpuRealtimePeriod } : {}),
    ...(config.CpusetCpus ? { cpus: config.CpusetCpus } : {}),
    ...(config.CpusetMems ? { mems: config.CpusetMems } : {}),
  })
}

function blockIoOf(config: HostConfig, blockIo: BlockIo | undefined): OciResources['blockIO'] {
  const list = <T>(name: string, items: readonly T[] | undefined): Record<string, readonly T[]> =>
    items === undefined || items.length === 0 ? {} : { [name]: items }
  return nonEmpty({
    ...(config.BlkioWeight ? { weight: config.BlkioWeight } : {}),
    ...list('weightDevice', blockIo?.weightDevice),
    ...list('throttleReadBpsDevice', blockIo?.readBps),
    ...list('throttleWriteBpsDevice', blockIo?.writeBps),
    ...list('throttleReadIOPSDevice', blockIo?.readIops),
    ...list('throttleWriteIOPSDevice', blockIo?.writeIops),
  })
}

const nonEmpty = <T extends object>(value: T): T | undefined => (Object.keys(value).length === 0 ? undefined : value)

const allow = (
  type: 'c' | 'b',
  major: number | undefined,
  minor: number | undefined,
  access: string,
): OciDeviceRule => ({
  allow: true,
  type,
  ...(major === undefined ? {} : { major }),
  ...(minor === undefined ? {} : { minor }),
  access,
})

/** Docker's: everything may be made, only these may be opened. */
export const defaultDeviceRules: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  allow('c', undefined, undefined, 'm'),
  allow('b', undefined, undefined, 'm'),
  allow('c', 1, 3, 'rwm'),
  allow('c', 1, 5, 'rwm'),
  allow('c', 1, 7, 'rwm'),
  allow('c', 1, 8, 'rwm'),
  allow('c', 1, 9, 'rwm'),
  allow('c', 5, 0, 'rwm'),
  allow('c', 5, 1, 'rwm'),
  allow('c', 5, 2, 'rwm'),
  allow('c', 136, undefined, 'rwm'),
]

export const allDeviceRules: readonly OciDeviceRule[] = [{ allow: true, access: 'rwm' }]
