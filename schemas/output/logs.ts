import * as z from 'zod/mini'

/** One line of `berth logs --format json`. */
export const logOutputLine = z.strictObject({
  /** Without the stack's name: `web-1`. */
  container: z.string(),
  stream: z.enum(['stdout', 'stderr']),
  /** RFC 3339 with nanoseconds. */
  time: z.string(),
  text: z.string(),
})

export type LogOutputLine = z.output<typeof logOutputLine>
