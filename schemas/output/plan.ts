import * as z from 'zod/mini'

const reason = z.strictObject({
  text: z.string(),
  field: z.optional(
    z.object({
      /** `services.web.environment.A` */
      path: z.string(),
      before: z.optional(z.unknown()),
      after: z.optional(z.unknown()),
      position: z.optional(z.strictObject({ file: z.string(), line: z.number(), column: z.number() })),
    }),
  ),
})

/** `berth plan --json`. Members of an op beside these belong to its kind; for `container.create` the body is the Engine API's. */
export const planOutput = z.strictObject({
  project: z.string(),
  /** In an order in which they may be done. */
  ops: z.array(
    z.looseObject({
      kind: z.string(),
      key: z.string(),
      needs: z.array(z.string()),
      after: z.array(z.string()),
      /** `+` comes to be, `-` goes away, `±` is replaced, `~` changes in place, blank changes nothing. */
      sign: z.enum(['+', '~', '-', '±', ' ']),
      why: z.array(reason),
    }),
  ),
  /** `isDone`: a job that has ended well, and is not running. */
  unchanged: z.array(z.strictObject({ service: z.string(), name: z.string(), id: z.string(), isDone: z.boolean() })),
  warnings: z.array(z.string()),
})

export type PlanOutput = z.output<typeof planOutput>
