import * as z from 'zod/mini'

/** One line of `berth context ls --format json`. */
export const contextRow = z.strictObject({
  Name: z.string(),
  Description: z.string(),
  DockerEndpoint: z.string(),
  Current: z.boolean(),
  Error: z.string(),
})

export type ContextRow = z.output<typeof contextRow>
