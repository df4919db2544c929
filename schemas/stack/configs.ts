import * as z from 'zod/mini'
import { external, listOrMap, text } from './shapes.ts'

/** `configs.*` */
export const configSchema = z.strictObject({
  name: z.optional(text),
  content: z.optional(text),
  environment: z.optional(text),
  file: z.optional(text),
  external: z.optional(external),
  labels: z.optional(listOrMap),
  template_driver: z.optional(text),
})
