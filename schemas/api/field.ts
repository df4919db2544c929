import * as z from 'zod/mini'

/**
 * A member of a request body as Go's encoding/json takes it: absent and `null` mean the same, and both arrive as `undefined`.
 * The docker CLI and Compose send `null` for half of the members of a create request.
 */
export const field = <Schema extends z.core.SomeType>(schema: Schema) =>
  z.optional(
    z.pipe(
      z.nullable(schema),
      z.transform((value: z.core.output<Schema> | null): z.core.output<Schema> | undefined => value ?? undefined),
    ),
  )

export const text = z.string()
/** Whole, of any size that Go's int64 takes: beyond 2^53 its last digits are lost, which no limit is told by. */
export const integer = z.number().check(z.refine(value => Number.isInteger(value) && Math.abs(value) <= 2 ** 63))
export const flag = z.boolean()
export const texts = z.array(z.string())
export const textMap = z.record(z.string(), z.string())

/** A Go string: absent is empty. */
export const textOrNothing = z.pipe(
  z.optional(z.nullable(z.string())),
  z.transform((value: string | null | undefined): string => value ?? ''),
)

/** A Go `map[string]struct{}`: a set of names, each with `{}` (or null) as its value. */
export const nameSet = z.pipe(
  z.record(z.string(), z.unknown()),
  z.transform((names: Record<string, unknown>): Record<string, Record<string, never>> => {
    const set: Record<string, Record<string, never>> = {}
    for (const name of Object.keys(names)) set[name] = {}
    return set
  }),
)

/** Go's `strslice`: a list, or one string which is a list of one. */
export const textOrTexts = z.pipe(
  z.union([z.string(), z.array(z.string())]),
  z.transform((value: string | string[]): string[] => (typeof value === 'string' ? [value] : value)),
)
