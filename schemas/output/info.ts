import * as z from 'zod/mini'

/** `berth info --format json`. */
export const infoOutput = z.strictObject({
  client: z.strictObject({ version: z.string() }),
  host: z.string(),
  isBerth: z.boolean(),
  apiVersion: z.string(),
  /** GET /info as the engine answers it. */
  engine: z.record(z.string(), z.unknown()),
})

export type InfoOutput = z.output<typeof infoOutput>
