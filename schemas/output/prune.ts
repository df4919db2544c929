import * as z from 'zod/mini'

/** `berth container|network|volume|system prune --format json`: names or ids that are gone. */
export const pruneOutput = z.strictObject({ removed: z.array(z.string()), reclaimedBytes: z.number() })

export type PruneOutput = z.output<typeof pruneOutput>
