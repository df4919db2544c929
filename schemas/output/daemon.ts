import * as z from 'zod/mini'

/** `berth daemon start|stop|status --format json`. */
export const daemonOutput = z.union([
  z.strictObject({
    state: z.literal('running'),
    /** Only for `start`: it ran before. */
    wasRunning: z.optional(z.boolean()),
    pid: z.number(),
    version: z.string(),
    socket: z.string(),
    runDir: z.string(),
    dataRoot: z.string(),
  }),
  z.strictObject({ state: z.literal('stopped'), runDir: z.string() }),
])

export type DaemonOutput = z.output<typeof daemonOutput>
