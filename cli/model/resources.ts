import { durationMs } from '../../schemas/stack/duration.ts'
import { type Attributes, attributes, list, number, text, texts } from './attributes.ts'
import type { Resources } from './project.ts'

/** Limits from the service itself or from `deploy.resources`; the loader has refused a service in which the two differ. */
export function resources(service: Attributes): Resources {
  const { limits, reservations } = attributes(attributes(service['deploy'])['resources'])
  const limit = attributes(limits)
  const reservation = attributes(reservations)
  const cpus = number(service['cpus']) ?? number(limit['cpus'])
  return {
    nanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    cpuShares: number(service['cpu_shares']),
    cpuQuotaUs: number(service['cpu_quota']),
    cpuPeriodUs: number(service['cpu_period']),
    cpuRealtimeRuntimeUs: microseconds(service['cpu_rt_runtime']),
    cpuRealtimePeriodUs: microseconds(service['cpu_rt_period']),
    cpuset: text(service['cpuset']),
    memoryBytes: number(service['mem_limit']) ?? number(limit['memory']),
    memoryReservationBytes: number(service['mem_reservation']) ?? number(reservation['memory']),
    memorySwapBytes: number(service['memswap_limit']),
    memorySwappiness: number(service['mem_swappiness']),
    pidsLimit: number(service['pids_limit']) ?? number(limit['pids']),
    oomKillDisable: service['oom_kill_disable'] === true,
    oomScoreAdj: number(service['oom_score_adj']),
    blkio: service['blkio_config'] === undefined ? undefined : attributes(service['blkio_config']),
    deviceCgroupRules: texts(service['device_cgroup_rules']),
    deviceRequests: [...list(reservation['devices']), ...list(service['gpus']).map(gpuRequest)].map(attributes),
  }
}

function gpuRequest(value: unknown): Attributes {
  const request = attributes(value)
  return { ...request, capabilities: [...new Set(['gpu', ...texts(request['capabilities'])])] }
}

export function ulimits(value: unknown): Readonly<Record<string, { readonly soft: number; readonly hard: number }>> {
  const result: Record<string, { readonly soft: number; readonly hard: number }> = Object.create(null)
  for (const [name, limit] of Object.entries(attributes(value))) {
    const both = number(limit)
    const { soft, hard } = attributes(limit)
    result[name] =
      both === undefined ? { soft: number(soft) ?? 0, hard: number(hard) ?? 0 } : { soft: both, hard: both }
  }
  return result
}

/** A number of microseconds, or a duration. */
function microseconds(value: unknown): number | undefined {
  return number(value) ?? (typeof value === 'string' ? Math.round(durationMs(value) * 1000) : undefined)
}
