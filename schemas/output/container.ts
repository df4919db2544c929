import * as z from 'zod/mini'

/** `berth container top --format json`: the table of ps, row by row. */
export const containerTopOutput = z.strictObject({
  titles: z.array(z.string()),
  processes: z.array(z.array(z.string())),
})

/** `berth container diff --format json` */
export const diffOutput = z.array(z.strictObject({ path: z.string(), kind: z.enum(['changed', 'added', 'deleted']) }))

/** `berth container port --format json`; `port` is `80/tcp`. */
export const containerPortOutput = z.array(
  z.strictObject({ port: z.string(), address: z.string(), hostPort: z.number() }),
)

export type ContainerTopOutput = z.output<typeof containerTopOutput>
export type DiffOutput = z.output<typeof diffOutput>
export type ContainerPortOutput = z.output<typeof containerPortOutput>
