import * as z from 'zod/mini'
import { external, listOrMap, options, text } from './shapes.ts'

/** `secrets.*` */
export const secretSchema = z.strictObject({
  name: z.optional(text),
  environment: z.optional(text),
  file: z.optional(text),
  external: z.optional(external),
  labels: z.optional(listOrMap),
  driver: z.optional(text),
  driver_opts: z.optional(options),
  template_driver: z.optional(text),
})
