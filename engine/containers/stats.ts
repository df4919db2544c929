import { readFileSync } from 'node:fs'
import type { BlkioStats, ContainerStats, CpuStats } from '../../schemas/api/stats.ts'
import type { ContainerUsage, Pressure } from '../../schemas/runtime/monitor.ts'
import { formatTime } from './clock.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'

const emptyCpu: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
}

const noBlkio: BlkioStats = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
}

/** What dockerd shows of cgroup v1, which had files for them. */
const emptyBlkio: BlkioStats = {
  io_service_bytes_recursive: [],
  io_serviced_recursive: [],
  io_queue_recursive: [],
  io_service_time_recursive: [],
  io_wait_time_recursive: [],
  io_merged_recursive: [],
  io_time_recursive: [],
  sectors_recursive: [],
}

/** One sample; `before` gives `precpu_stats`. A container that is down has zeros, as dockerd. */
export async function sampleStats(
  context: ContainerContext,
  container: Container,
  before?: ContainerStats,
): Promise<ContainerStats> {
  const { record, live } = container
  const usage: ContainerUsage = await (live.monitor?.usage() ?? Promise.resolve({})).catch(() => ({}))
  return {
    name: `/${record.name}`,
    id: record.id,
    read: live.monitor === undefined ? '0001-01-01T00:00:00Z' : formatTime(context.clock.now()),
    preread: before?.read ?? '0001-01-01T00:00:00Z',
    pids_stats:
      usage.pids === undefined
        ? {}
        : {
            current: usage.pids.current,
            ...(usage.pids.limit < Number.MAX_SAFE_INTEGER ? { limit: usage.pids.limit } : {}),
          },
    blkio_stats: toBlkio(usage),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: toCpu(usage, context.host.cpuCount),
    precpu_stats: before?.cpu_stats ?? emptyCpu,
    memory_stats:
      usage.memory === undefined
        ? {}
        : {
            usage: usage.memory.usage,
            max_usage: usage.memory.peak,
            stats: usage.memory.stat,
            ...(usage.memory.failures > 0 ? { failcnt: usage.memory.failures } : {}),
            ...psiOf(usage.pressure?.memory),
            limit: usage.memory.limit > 0 ? Math.min(usage.memory.limit, hostMemoryBytes()) : hostMemoryBytes(),
          },
    ...(usage.network === undefined ? {} : { networks: toNetworks(usage.network) }),
  }
}

function toCpu(usage: ContainerUsage, cpuCount: number): CpuStats {
  const { cpu } = usage
  if (cpu === undefined) return emptyCpu
  return {
    cpu_usage: {
      total_usage: cpu.totalNs,
      ...(cpu.perCpuNs === undefined ? {} : { percpu_usage: cpu.perCpuNs }),
      usage_in_kernelmode: cpu.systemNs,
      usage_in_usermode: cpu.userNs,
    },
    system_cpu_usage: systemCpuNs(),
    online_cpus: cpuCount,
    throttling_data: {
      periods: cpu.periods ?? 0,
      throttled_periods: cpu.throttledPeriods ?? 0,
      throttled_time: cpu.throttledNs ?? 0,
    },
    ...psiOf(usage.pressure?.cpu),
  }
}

const psiOf = (psi: Pressure | undefined) => (psi === undefined ? {} : { psi })

/** CPU time of the whole host: the first line of /proc/stat, whose unit is 1/100 s, without guests (which user time contains). */
function systemCpuNs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1)
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number)
  return fields.reduce((sum, value) => sum + value, 0) * 10_000_000
}

function hostMemoryBytes(): number {
  return Number(/^MemTotal:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1] ?? 0) * 1024
}

function toBlkio(usage: ContainerUsage): BlkioStats {
  if (usage.io === undefined) return noBlkio
  const entries = (member: 'bytes' | 'operations') =>
    (usage.io ?? []).map(entry => ({
      major: entry.major,
      minor: entry.minor,
      op: entry.operation,
      value: entry[member],
    }))
  const rest = usage.cpu?.perCpuNs === undefined ? noBlkio : emptyBlkio
  return {
    ...rest,
    io_service_bytes_recursive: entries('bytes'),
    io_serviced_recursive: entries('operations'),
    ...psiOf(usage.pressure?.io),
  }
}

const toNetworks = (network: NonNullable<ContainerUsage['network']>): NonNullable<ContainerStats['networks']> =>
  Object.fromEntries(
    Object.entries(network).map(([name, counters]) => [
      name,
      {
        rx_bytes: counters.rxBytes,
        rx_packets: counters.rxPackets,
        rx_errors: counters.rxErrors,
        rx_dropped: counters.rxDropped,
        tx_bytes: counters.txBytes,
        tx_packets: counters.txPackets,
        tx_errors: counters.txErrors,
        tx_dropped: counters.txDropped,
      },
    ]),
  )
