import type { ContainerUpdateRequest } from '../../../schemas/api/host-config.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { updateContainer } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { forEachName } from '../../session/for-each.ts'
import { integer } from '../../session/globals.ts'
import { byteSize, decimal } from '../../session/quantities.ts'
import { defineCommand } from '../definition.ts'

interface UpdateFlags {
  readonly blkioWeight?: number
  readonly cpuPeriod?: number
  readonly cpuQuota?: number
  readonly cpuRtPeriod?: number
  readonly cpuRtRuntime?: number
  readonly cpuShares?: number
  readonly cpus?: number
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  readonly memory?: number
  readonly memoryReservation?: number
  readonly memorySwap?: number
  readonly pidsLimit?: number
  readonly restart?: string
}

export const containerUpdate = defineCommand<UpdateFlags>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('--blkio-weight <number>', 'share of disk time, 10 to 1000, 0 for none', integer(0))
      .option('--cpu-period <microseconds>', 'period of the CPU quota', integer(0))
      .option('--cpu-quota <microseconds>', 'CPU time in each period', integer(-1))
      .option('--cpu-rt-period <microseconds>', 'period of the real-time quota', integer(0))
      .option('--cpu-rt-runtime <microseconds>', 'real-time CPU time in each period', integer(0))
      .option('-c, --cpu-shares <number>', 'share of CPU time beside others (default 1024)', integer(0))
      .option('--cpus <number>', 'CPUs at most, e.g. 1.5', decimal)
      .option('--cpuset-cpus <list>', 'CPUs that it may run on: 0-3 or 0,2')
      .option('--cpuset-mems <list>', 'memory nodes that it may use')
      .option('-m, --memory <size>', 'memory at most, e.g. 512m', byteSize)
      .option('--memory-reservation <size>', 'memory that it is to keep when the host runs short', byteSize)
      .option('--memory-swap <size>', 'memory and swap at most, -1 for no limit', byteSize)
      .option('--pids-limit <number>', 'processes at most, -1 for no limit', integer(-1))
      .option('--restart <policy>', 'no, always, unless-stopped, on-failure[:retries]'),
  details: 'The change holds for this container; the next "berth up" of its stack goes by the file again.',
  examples: [{ line: 'berth container update -m 1g --memory-swap 1g shop-db-1', means: 'more memory, at once' }],
  async run(context, names, flags) {
    const request = updateRequest(flags)
    if (Object.keys(request).length === 0)
      throw new BerthError('USAGE', 'you must provide one or more flags when using this command', {
        hint: 'e.g. --memory 1g; "berth container update --help" lists them',
      })
    const client = await connect(context)
    return forEachName(context, names, async name => {
      const { Warnings } = await updateContainer(client, name, request)
      for (const warning of Warnings ?? []) context.stderr.write(`warning: ${warning}\n`)
    })
  },
})

function updateRequest(flags: UpdateFlags): ContainerUpdateRequest {
  const { cpus, restart } = flags
  const given: ContainerUpdateRequest = {
    BlkioWeight: flags.blkioWeight,
    CpuPeriod: flags.cpuPeriod,
    CpuQuota: flags.cpuQuota,
    CpuRealtimePeriod: flags.cpuRtPeriod,
    CpuRealtimeRuntime: flags.cpuRtRuntime,
    CpuShares: flags.cpuShares,
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    CpusetCpus: flags.cpusetCpus,
    CpusetMems: flags.cpusetMems,
    Memory: flags.memory,
    MemoryReservation: flags.memoryReservation,
    MemorySwap: flags.memorySwap,
    PidsLimit: flags.pidsLimit,
    RestartPolicy: restart === undefined ? undefined : restartPolicy(restart),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function restartPolicy(text: string): NonNullable<ContainerUpdateRequest['RestartPolicy']> {
  const [, name, retries] = text.match(/^(no|always|unless-stopped|on-failure)(?::(\d+))?$/) ?? []
  if (name === undefined || (retries !== undefined && name !== 'on-failure'))
    throw new BerthError('USAGE', `unknown restart policy "${text}"`, {
      hint: 'expected no, always, unless-stopped or on-failure[:retries]',
    })
  return { Name: name, MaximumRetryCount: Number(retries ?? 0) }
}
