import * as z from 'zod/mini'

/** What Berth adds to POST /build: the header `X-Berth-Build`, JSON as base64url. */
export const buildExtension = z.object({
  /** Stays the same from build to build; reasons of cache misses compare with the last one. */
  scope: z.optional(z.string()),
  /** What the Dockerfile is called in messages, when what it is called in the context says nothing. */
  shownName: z.optional(z.string()),
  /** Content in base64 by id. */
  secrets: z.optional(z.record(z.string(), z.string())),
  /** Agents for RUN --mount=type=ssh by id: sockets of this machine. */
  ssh: z.optional(z.record(z.string(), z.object({ socket: z.string().check(z.startsWith('/')) }))),
  /** What steps may ask for: `security.insecure`, `network.host`. */
  entitlements: z.optional(z.array(z.string())),
  /** Stages whose steps are made anew. */
  noCacheStages: z.optional(z.array(z.string())),
  /** The image tells the keys of its steps, so that it can be given as `cachefrom`. */
  keepsKeys: z.optional(z.boolean()),
  /** The body is a ContextListing: steps are looked for in the cache, and none is run. */
  isListed: z.optional(z.boolean()),
  /** Named contexts: a folder below `.berth-contexts` of what is sent, given as `contexts/<name>`, or an image. */
  contexts: z.optional(
    z.record(
      z.string(),
      z.union([
        z.object({ folder: z.string().check(z.regex(/^contexts\/[a-z0-9_.-]+$/)) }),
        z.object({ image: z.string() }),
      ]),
    ),
  ),
})
export type BuildExtension = z.infer<typeof buildExtension>
