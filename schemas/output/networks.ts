import * as z from 'zod/mini'

/** One line of `berth network ls --format json`: docker's placeholders, all of them texts. */
export const networkRow = z.strictObject({
  ID: z.string(),
  Name: z.string(),
  Driver: z.string(),
  Scope: z.string(),
  IPv4: z.string(),
  IPv6: z.string(),
  Internal: z.string(),
  Labels: z.string(),
  CreatedAt: z.string(),
})

export type NetworkRow = z.output<typeof networkRow>
