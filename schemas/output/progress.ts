import * as z from 'zod/mini'

/** One line of `--progress json`. `id` and `status` are those of `docker compose --progress json`; the other members are Berth's. */
export const progressLine = z.union([
  z.strictObject({
    id: z.string(),
    resource: z.enum(['container', 'network', 'volume', 'image', 'provider']),
    name: z.string(),
    status: z.string(),
    state: z.enum(['working', 'waiting', 'done', 'failed', 'skipped']),
    containerId: z.optional(z.string()),
    service: z.optional(z.string()),
    details: z.optional(z.string()),
  }),
  z.strictObject({ level: z.literal('warning'), message: z.string() }),
])

export type ProgressLine = z.output<typeof progressLine>
