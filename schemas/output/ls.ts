import * as z from 'zod/mini'

/** One element of `berth ls --format json`. */
export const lsRow = z.strictObject({
  Name: z.string(),
  /** `running(3), exited(1)` */
  Status: z.string(),
  /** Absolute paths with commas between. */
  ConfigFiles: z.string(),
})

export type LsRow = z.output<typeof lsRow>
