import * as z from 'zod/mini'

/** `berth version --format json`. */
export const versionOutput = z.strictObject({
  version: z.string(),
  engine: z.optional(
    z.strictObject({ name: z.string(), version: z.string(), apiVersion: z.string(), host: z.string() }),
  ),
})

export type VersionOutput = z.output<typeof versionOutput>
