import * as z from 'zod/mini'

/** One line of `berth events --json`, with the members of `docker compose events --json`. */
export const eventOutput = z.strictObject({
  time: z.string(),
  type: z.literal('container'),
  service: z.string(),
  id: z.string(),
  action: z.string(),
  attributes: z.record(z.string(), z.string()),
})

export type EventOutput = z.output<typeof eventOutput>
