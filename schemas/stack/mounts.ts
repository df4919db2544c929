import * as z from 'zod/mini'
import { anyNumber, flag, listOrMap, text, wholeNumber } from './shapes.ts'

/** An item of `services.*.volumes`; the short form is taken apart by the loader. */
export const mountSchema = z.union([
  z.string(),
  z.strictObject({
    type: z.enum(['bind', 'volume', 'tmpfs', 'cluster', 'npipe', 'image']),
    source: z.optional(text),
    target: z.optional(text),
    read_only: z.optional(flag),
    consistency: z.optional(text),
    bind: z.optional(
      z.strictObject({
        propagation: z.optional(text),
        create_host_path: z.optional(flag),
        recursive: z.optional(z.enum(['enabled', 'disabled', 'writable', 'readonly'])),
        selinux: z.optional(z.enum(['z', 'Z'])),
      }),
    ),
    volume: z.optional(
      z.strictObject({ labels: z.optional(listOrMap), nocopy: z.optional(flag), subpath: z.optional(text) }),
    ),
    tmpfs: z.optional(z.strictObject({ size: z.optional(wholeNumber), mode: z.optional(anyNumber) })),
    image: z.optional(z.strictObject({ subpath: z.optional(text) })),
  }),
])
