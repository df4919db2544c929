import type { BlkioEntry, ContainerStats } from '../../schemas/api/stats.ts'
import type { StatsRow } from '../../schemas/output/stats.ts'
import { binarySize, decimalSize } from './human.ts'

type Numbers = Pick<
  StatsRow,
  | 'cpuPercent'
  | 'memoryBytes'
  | 'memoryLimitBytes'
  | 'memoryPercent'
  | 'networkReceivedBytes'
  | 'networkSentBytes'
  | 'blockReadBytes'
  | 'blockWrittenBytes'
  | 'pids'
>

/** What `docker stats` makes of a sample: CPU against the sample before it, memory without the page cache that can be dropped. */
export function statsRow(stats: ContainerStats, name: string, isFull = false): StatsRow {
  const numbers = numbersOf(stats)
  const shortId = isFull ? stats.id : stats.id.slice(0, 12)
  return { id: stats.id, name, ...numbers, ID: shortId, Container: shortId, Name: name, ...wordsOf(numbers) }
}

/** The row of a container that does not run: nothing is used. */
export function idleStatsRow(id: string, name: string, isFull = false): StatsRow {
  const none = { read: '', id, name, cpu_stats: noCpu, precpu_stats: noCpu } as const
  return statsRow(
    { ...none, memory_stats: {}, blkio_stats: {}, pids_stats: {}, networks: {} } as unknown as ContainerStats,
    name,
    isFull,
  )
}

const noCpu = { cpu_usage: { total_usage: 0 }, system_cpu_usage: 0, online_cpus: 1 }

function wordsOf(row: Numbers): Pick<StatsRow, 'CPUPerc' | 'MemUsage' | 'MemPerc' | 'NetIO' | 'BlockIO' | 'PIDs'> {
  return {
    CPUPerc: `${row.cpuPercent.toFixed(2)}%`,
    MemUsage: `${binarySize(row.memoryBytes)} / ${binarySize(row.memoryLimitBytes)}`,
    MemPerc: `${row.memoryPercent.toFixed(2)}%`,
    NetIO: `${decimalSize(row.networkReceivedBytes)} / ${decimalSize(row.networkSentBytes)}`,
    BlockIO: `${decimalSize(row.blockReadBytes)} / ${decimalSize(row.blockWrittenBytes)}`,
    PIDs: String(row.pids),
  }
}

function numbersOf(stats: ContainerStats): Numbers {
  const memoryBytes = usedMemory(stats)
  const memoryLimitBytes = stats.memory_stats.limit ?? 0
  const networks = Object.values(stats.networks ?? {})
  const blocks = stats.blkio_stats.io_service_bytes_recursive ?? []
  return {
    cpuPercent: cpuPercent(stats),
    memoryBytes,
    memoryLimitBytes,
    memoryPercent: memoryLimitBytes > 0 ? (memoryBytes / memoryLimitBytes) * 100 : 0,
    networkReceivedBytes: sum(networks.map(network => network.rx_bytes)),
    networkSentBytes: sum(networks.map(network => network.tx_bytes)),
    blockReadBytes: blockBytes(blocks, 'read'),
    blockWrittenBytes: blockBytes(blocks, 'write'),
    pids: stats.pids_stats.current ?? 0,
  }
}

function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
  const cpus = now.online_cpus || now.cpu_usage.percpu_usage?.length || 1
  return used > 0 && passed > 0 ? (used / passed) * cpus * 100 : 0
}

/** cgroup v1 has total_inactive_file, v2 inactive_file (docker/cli, calculateMemUsageUnixNoCache). */
function usedMemory({ memory_stats: { usage = 0, stats } }: ContainerStats): number {
  const cache = stats?.['total_inactive_file'] ?? stats?.['inactive_file'] ?? 0
  return cache < usage ? usage - cache : usage
}

function blockBytes(entries: readonly BlkioEntry[], op: string): number {
  return sum(entries.filter(entry => entry.op.toLowerCase() === op).map(entry => entry.value))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
