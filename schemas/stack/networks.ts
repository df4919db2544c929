import * as z from 'zod/mini'
import { external, flag, listOrMap, options, text } from './shapes.ts'

/** `networks.*` */
export const networkSchema = z.nullable(
  z.strictObject({
    name: z.optional(text),
    driver: z.optional(text),
    driver_opts: z.optional(options),
    ipam: z.optional(
      z.strictObject({
        driver: z.optional(text),
        config: z.optional(
          z.array(
            z.strictObject({
              subnet: z.optional(text),
              ip_range: z.optional(text),
              gateway: z.optional(text),
              aux_addresses: z.optional(z.record(z.string(), z.string())),
            }),
          ),
        ),
        options: z.optional(z.record(z.string(), z.string())),
      }),
    ),
    external: z.optional(external),
    internal: z.optional(flag),
    enable_ipv4: z.optional(flag),
    enable_ipv6: z.optional(flag),
    attachable: z.optional(flag),
    labels: z.optional(listOrMap),
  }),
)
