import * as z from 'zod/mini'

/** `berth port --format json`: where the port is on the host. */
export const portOutput = z.strictObject({ address: z.string(), port: z.number() })

export type PortOutput = z.output<typeof portOutput>
