import * as z from 'zod/mini'

/** One line of `berth oom --format json`: one out-of-memory kill and what was decided, oldest first. */
export const oomRow = z.strictObject({
  id: z.string(),
  time: z.string(),
  project: z.string(),
  service: z.string(),
  container: z.string(),
  containerId: z.string(),
  victim: z.optional(z.strictObject({ pid: z.number(), name: z.string(), rssBytes: z.number() })),
  killedMain: z.boolean(),
  limitBytes: z.number(),
  peakBytes: z.number(),
  decision: z.enum(['restart', 'stop', 'ignore', 'give-up']),
  reason: z.string(),
  newLimitBytes: z.optional(z.number()),
  delayMs: z.optional(z.number()),
})

export type OomRow = z.output<typeof oomRow>
