import type { ContainerUpdateRequest, HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'

/** What this host has to share out. */
export interface HostResources {
  readonly cpuCount: number
  /** Processors and memory nodes in the kernel's notation: `0-3,6`. */
  readonly cpus: string
  readonly memoryNodes: string
  readonly hasSwapLimit: boolean
  /** A scheduler of block devices knows weights. */
  readonly hasBlockIoWeight: boolean
  /** cgroup v1: the OOM killer of a group can be disabled, and swappiness set. */
  readonly hasOomKillDisable: boolean
}

type Limits = HostConfig | ContainerUpdateRequest

const invalid = (message: string): BerthError => new BerthError('INVALID_ARGUMENT', message)

const minMemoryBytes = 6 * 1024 * 1024

/** Limits of a create or an update request; texts are dockerd's (moby daemon/daemon_unix.go, verifyPlatformContainerResources). */
export function checkResources(config: Limits, host: HostResources): void {
  checkMemory(config)
  checkCpu(config, host.cpuCount)
  checkSet('cpus', 'CPUs', config.CpusetCpus, host.cpus)
  checkSet('mems', 'memory nodes', config.CpusetMems, host.memoryNodes)
  const weight = config.BlkioWeight ?? 0
  if (weight !== 0 && (weight < 10 || weight > 1000)) throw invalid('Range of blkio weight is from 10 to 1000')
  for (const { Path, Weight } of config.BlkioWeightDevice ?? []) {
    if (Weight !== 0 && (Weight < 10 || Weight > 1000))
      throw invalid(`Range of blkio weight is from 10 to 1000, not ${Weight} (${Path})`)
  }
  for (const name of throttles) {
    for (const { Path, Rate } of config[name] ?? []) {
      if (Rate < 0) throw invalid(`${name}: a rate of 0 (no limit) or more is expected, not ${Rate} (${Path})`)
    }
  }
}

const throttles = [
  'BlkioDeviceReadBps',
  'BlkioDeviceWriteBps',
  'BlkioDeviceReadIOps',
  'BlkioDeviceWriteIOps',
] as const satisfies readonly (keyof HostConfig)[]

function checkMemory(config: Limits): void {
  const memory = config.Memory ?? 0
  const swap = config.MemorySwap ?? 0
  const swappiness = config.MemorySwappiness
  const reservation = config.MemoryReservation ?? 0
  if (memory < 0 || (memory > 0 && memory < minMemoryBytes)) throw invalid('Minimum memory limit allowed is 6MB')
  if (memory > 0 && swap > 0 && swap < memory)
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage')
  if (memory === 0 && swap > 0)
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage')
  if (swappiness !== undefined && (swappiness < -1 || swappiness > 100))
    throw invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`)
  if (reservation > 0 && reservation < minMemoryBytes) throw invalid('Minimum memory reservation allowed is 6MB')
  if (memory > 0 && memory < reservation)
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage')
}

function checkCpu(config: Limits, cpuCount: number): void {
  const { NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, CpuShares = 0 } = config
  if (NanoCpus > 0 && CpuPeriod > 0) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set')
  if (NanoCpus > 0 && CpuQuota > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set')
  if (NanoCpus < 0 || NanoCpus > cpuCount * 1e9)
    throw invalid(`range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`)
  if (CpuShares < 0) throw invalid(`invalid CPU shares (${CpuShares}): value must be a positive integer`)
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000))
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)')
  if (CpuQuota > 0 && CpuQuota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)')
}

function checkSet(name: string, what: string, wanted: string | undefined, available: string): void {
  if (!wanted) return
  const numbers = parseSet(wanted)
  if (numbers === undefined) throw invalid(`Invalid value ${wanted} for cpuset ${name}: invalid format: ${wanted}`)
  const has = parseSet(available) ?? []
  if (!numbers.every(([from, to]) => has.some(([low, high]) => from >= low && to <= high)))
    throw invalid(`Requested ${what} are not available - requested ${wanted}, available: ${available}`)
}

/** `0-2,7` as ranges, ends included; undefined when it is none. */
function parseSet(text: string): readonly (readonly [number, number])[] | undefined {
  if (!/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(text)) return undefined
  const ranges = text.split(',').map(part => {
    const [from = 0, to = from] = part.split('-').map(Number)
    return [from, to] as const
  })
  return ranges.every(([from, to]) => from <= to) ? ranges : undefined
}

export interface FittedLimits<T extends Limits> {
  readonly config: T
  readonly warnings: readonly string[]
}

/** Leaves out what this kernel cannot do, with dockerd's warning for each. */
export function fitToKernel<T extends Limits>(config: T, host: HostResources): FittedLimits<T> {
  const warnings: string[] = []
  const drop = new Set<keyof Limits>()
  const missing = (name: keyof Limits, isAsked: boolean, warning: string): void => {
    if (!isAsked) return
    drop.add(name)
    warnings.push(warning)
  }
  const none = 'or the cgroup is not mounted.'
  if (!host.hasBlockIoWeight) {
    missing(
      'BlkioWeight',
      (config.BlkioWeight ?? 0) > 0,
      `Your kernel does not support Block I/O weight ${none} Weight discarded.`,
    )
    missing(
      'BlkioWeightDevice',
      (config.BlkioWeightDevice ?? []).length > 0,
      `Your kernel does not support Block I/O weight_device ${none} Weight-device discarded.`,
    )
  }
  if (!host.hasOomKillDisable) {
    missing(
      'OomKillDisable',
      config.OomKillDisable === true,
      'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
    )
    missing(
      'MemorySwappiness',
      (config.MemorySwappiness ?? -1) >= 0,
      `Your kernel does not support memory swappiness capabilities ${none} Memory swappiness discarded.`,
    )
  } else if (config.OomKillDisable && !config.Memory) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    )
  }
  if (!host.hasSwapLimit && (config.Memory ?? 0) > 0 && config.MemorySwap !== -1)
    warnings.push(`Your kernel does not support swap limit capabilities ${none} Memory limited without swap.`)
  const kept = Object.entries(config).filter(([name]) => !drop.has(name as keyof Limits))
  return { config: Object.fromEntries(kept) as T, warnings }
}
