import * as z from 'zod/mini'

/** One element of `berth images --format json`. */
export const imagesRow = z.strictObject({
  ID: z.string(),
  ContainerName: z.string(),
  Repository: z.string(),
  /** Empty for images that are no registry reference. */
  Tag: z.string(),
  /** `linux/amd64` */
  Platform: z.string(),
  /** Bytes; 0 where the engine does not know, as for a directory of the host. */
  Size: z.number(),
  /** When its name was given to it last, RFC 3339; empty where the engine does not know. */
  LastTagTime: z.string(),
})

export type ImagesRow = z.output<typeof imagesRow>
