import * as z from 'zod/mini'
import { anyNumber, text, wholeNumber } from './shapes.ts'

/** `services.*.x-oom`: what an out-of-memory kill in the container's cgroup does. A word alone is the action. */
export const oomSchema = z.union([
  z.enum(['restart', 'stop', 'ignore']),
  z.strictObject({
    action: z.optional(z.enum(['restart', 'stop', 'ignore'])),
    scope: z.optional(z.enum(['container', 'process'])),
    max_restarts: z.optional(wholeNumber),
    window: z.optional(text),
    backoff: z.optional(
      z.strictObject({
        initial: z.optional(text),
        factor: z.optional(anyNumber),
        max: z.optional(text),
        reset_after: z.optional(text),
      }),
    ),
    grow: z.optional(z.strictObject({ factor: z.optional(anyNumber), limit: anyNumber })),
  }),
])
