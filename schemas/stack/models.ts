import * as z from 'zod/mini'
import { text, textList } from './shapes.ts'

/** `models.*` */
export const modelSchema = z.strictObject({
  name: z.optional(text),
  model: text,
  context_size: z.optional(z.int()),
  runtime_flags: z.optional(textList),
})
