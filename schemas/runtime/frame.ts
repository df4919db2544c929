import * as z from 'zod/mini'

/** Longest frame that either side accepts, in bytes. */
export const maxFrameBytes = 16 * 1024 * 1024

/** Why a native operation failed: the step that failed, the kernel's errno (0 when none) and a sentence. */
export const NativeFailure = z.object({ stage: z.string(), errno: z.number(), message: z.string() })
export type NativeFailure = z.infer<typeof NativeFailure>

/** A stage and when it ended, in nanoseconds of the monotonic clock: in the answer to a request with `trace: true`, and in the exit that follows one. */
export const Stamp = z.tuple([z.string(), z.number()])
export type Stamp = readonly [string, number]

/** The answer to a request; `ok` has the shape that the request's op promises. */
export const Answer = z.union([
  z.object({ id: z.number(), ok: z.record(z.string(), z.unknown()), trace: z.optional(z.array(Stamp)) }),
  z.object({ id: z.number(), error: NativeFailure, trace: z.optional(z.array(Stamp)) }),
])
export type Answer = z.infer<typeof Answer>
