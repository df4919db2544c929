import * as z from 'zod/mini'

/** `berth commit --format json`: the id of the new image. */
export const commitOutput = z.strictObject({ id: z.string() })

export type CommitOutput = z.output<typeof commitOutput>
