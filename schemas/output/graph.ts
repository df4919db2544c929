import * as z from 'zod/mini'

/** `berth graph --format json`. */
export const graphOutput = z.strictObject({
  project: z.string(),
  /** Services that start together, in order. */
  waves: z.array(z.array(z.string())),
  services: z.record(
    z.string(),
    z.strictObject({
      /** null for a service that is built. */
      image: z.nullable(z.string()),
      scale: z.number(),
      needs: z.array(z.strictObject({ service: z.string(), condition: z.string(), required: z.boolean() })),
    }),
  ),
})

export type GraphOutput = z.output<typeof graphOutput>
