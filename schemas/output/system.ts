import * as z from 'zod/mini'

/** One line of `berth system df --format json`: docker's placeholders, all of them texts. */
export const dfRow = z.strictObject({
  Type: z.enum(['Images', 'Containers', 'Local Volumes', 'Build Cache']),
  TotalCount: z.string(),
  Active: z.string(),
  Size: z.string(),
  /** `1.98MB (48%)` */
  Reclaimable: z.string(),
})

export type DfRow = Omit<z.output<typeof dfRow>, 'Type'> & { readonly Type: string }
