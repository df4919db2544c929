import * as z from 'zod/mini'
import { external, listOrMap, options, text } from './shapes.ts'

/** `volumes.*` */
export const volumeSchema = z.nullable(
  z.strictObject({
    name: z.optional(text),
    driver: z.optional(text),
    driver_opts: z.optional(options),
    external: z.optional(external),
    labels: z.optional(listOrMap),
  }),
)
