import * as z from 'zod/mini'

/** One line of `berth stats --format json`: one measurement of one container. */
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
})

export type StatsRow = z.output<typeof statsOutput>
