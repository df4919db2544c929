import * as z from 'zod/mini'

/** /etc/berth/daemon.json: the keys of dockerd's daemon.json that mean the same here. Flags win over it; unknown keys are errors. */
export const DaemonFile = z.strictObject({
  'data-root': z.optional(z.string()),
  'exec-root': z.optional(z.string()),
  hosts: z.optional(z.array(z.string())),
  group: z.optional(z.string()),
  pidfile: z.optional(z.string()),
  'userns-remap': z.optional(z.string()),
  /** Other OCI runtimes by name; each of `runtimeArgs` stands before every command. */
  runtimes: z.optional(
    z.record(
      z.string().check(z.regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/)),
      z.strictObject({ path: z.string().check(z.minLength(1)), runtimeArgs: z.optional(z.array(z.string())) }),
    ),
  ),
  'default-runtime': z.optional(z.string()),
  'exec-opts': z.optional(z.array(z.string())),
  tls: z.optional(z.boolean()),
  tlsverify: z.optional(z.boolean()),
  tlscacert: z.optional(z.string()),
  tlscert: z.optional(z.string()),
  tlskey: z.optional(z.string()),
  'registry-mirrors': z.optional(z.array(z.string())),
  'insecure-registries': z.optional(z.array(z.string())),
  proxies: z.optional(
    z.strictObject({
      'http-proxy': z.optional(z.string()),
      'https-proxy': z.optional(z.string()),
      'no-proxy': z.optional(z.string()),
    }),
  ),
  'max-concurrent-downloads': z.optional(z.int().check(z.gte(1), z.lte(100))),
  'max-concurrent-uploads': z.optional(z.int().check(z.gte(1), z.lte(100))),
  'max-download-attempts': z.optional(z.int().check(z.gte(1), z.lte(100))),
  'log-level': z.optional(z.enum(['debug', 'info', 'warn', 'error'])),
})
export type DaemonFile = z.infer<typeof DaemonFile>
