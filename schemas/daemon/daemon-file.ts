import * as z from 'zod/mini'

/** /etc/berth/daemon.json: the keys of dockerd's daemon.json that mean the same here. Flags win over it; unknown keys are errors. */
export const DaemonFile = z.strictObject({
  'data-root': z.optional(z.string()),
  'exec-root': z.optional(z.string()),
  hosts: z.optional(z.array(z.string())),
  group: z.optional(z.string()),
  pidfile: z.optional(z.string()),
  'log-level': z.optional(z.enum(['debug', 'info', 'warn', 'error'])),
})
export type DaemonFile = z.infer<typeof DaemonFile>
