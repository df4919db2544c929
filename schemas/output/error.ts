import * as z from 'zod/mini'

const position = z.strictObject({ file: z.string(), line: z.number(), column: z.number() })

/** One failure on stderr, when a command was asked for JSON (`--format json`, `--json` or `--progress json`). */
export const errorOutput = z.strictObject({
  error: z.strictObject({
    /** A key of the table in schemas/errors.ts; programs branch on this and never on the message. */
    code: z.string(),
    message: z.string(),
    hint: z.optional(z.string()),
    /** What failed, when several things were done: `container shop-web-1`. */
    subject: z.optional(z.string()),
    service: z.optional(z.string()),
    /** The last lines that a crashed container wrote. */
    logTail: z.optional(z.array(z.string())),
    /** Mistakes in the stack file. */
    diagnostics: z.optional(
      z.array(
        z.strictObject({
          severity: z.enum(['error', 'warning']),
          code: z.string(),
          message: z.string(),
          path: z.string(),
          position: z.optional(position),
          hint: z.optional(z.string()),
        }),
      ),
    ),
  }),
})

export type ErrorOutput = z.output<typeof errorOutput>
