import * as z from 'zod/mini'

/**
 * One line of `berth stats --format json`: one measurement of one container, as numbers and, with capital letters, in the words of
 * `docker compose stats`.
 */
export const statsOutput = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** 100 = one CPU all the time. */
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  memoryLimitBytes: z.number(),
  memoryPercent: z.number(),
  networkReceivedBytes: z.number(),
  networkSentBytes: z.number(),
  blockReadBytes: z.number(),
  blockWrittenBytes: z.number(),
  pids: z.number(),
  ID: z.string(),
  Container: z.string(),
  Name: z.string(),
  CPUPerc: z.string(),
  MemUsage: z.string(),
  MemPerc: z.string(),
  NetIO: z.string(),
  BlockIO: z.string(),
  PIDs: z.string(),
})

export type StatsRow = z.output<typeof statsOutput>
