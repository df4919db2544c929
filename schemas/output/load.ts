import * as z from 'zod/mini'

/** `berth load --format json`: the names of what was loaded, or ids where there is no name. */
export const loadOutput = z.strictObject({ loaded: z.array(z.string()) })

export type LoadOutput = z.output<typeof loadOutput>
