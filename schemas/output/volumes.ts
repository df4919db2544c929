import * as z from 'zod/mini'

/** One line of `berth volumes --format json` and `berth volume ls --format json`: docker's placeholders. */
export const volumeRow = z.strictObject({
  Name: z.string(),
  Driver: z.string(),
  Scope: z.string(),
  Mountpoint: z.string(),
  /** `a=b,c=d` */
  Labels: z.string(),
  /** `N/A`: only `system df` asks for it. */
  Links: z.string(),
  Size: z.string(),
  Availability: z.string(),
  Group: z.string(),
  Status: z.string(),
})

export type VolumeRow = z.output<typeof volumeRow>
