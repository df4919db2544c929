import * as z from 'zod/mini'
import { text, textOrList } from './shapes.ts'

/** An item of `include`. */
export const includeSchema = z.union([
  z.string(),
  z.strictObject({
    path: z.optional(textOrList),
    env_file: z.optional(textOrList),
    project_directory: z.optional(text),
  }),
])
