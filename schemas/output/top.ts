import * as z from 'zod/mini'

/** One line of `berth top --format json`: the processes of one container, as columns and rows of ps. */
export const topOutput = z.strictObject({
  container: z.string(),
  service: z.string(),
  titles: z.array(z.string()),
  processes: z.array(z.array(z.string())),
})

export type TopOutput = z.output<typeof topOutput>
