import * as z from 'zod/mini'

/**
 * What a build context holds, without its contents: enough to find every step of an unchanged build in the cache. Body of POST /build with
 * `isListed` in `X-Berth-Build`; the build is answered by `aux: {needsContext: true}` when it needs more, and then has to be sent whole.
 */
export const contextListing = z.object({
  /** In base64. */
  dockerfile: z.string(),
  /** The Dockerfile's own, or the context's; in base64. */
  ignore: z.optional(z.string()),
  /** Depth first, each folder's names in the order of their bytes, the context's own folder (`''`) in front. */
  files: z.array(
    z.union([
      z.object({ path: z.string(), kind: z.literal('folder'), mode: z.int() }),
      z.object({ path: z.string(), kind: z.literal('link'), target: z.string() }),
      z.object({
        path: z.string(),
        kind: z.literal('file'),
        mode: z.int(),
        size: z.int(),
        /** SHA-256 of its content, in hex. */
        digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      }),
    ]),
  ),
})
export type ContextListing = z.infer<typeof contextListing>
export type ListedFile = ContextListing['files'][number]
