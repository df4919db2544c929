import * as z from 'zod/mini'

/** Shapes that many attributes of a stack file share. They describe what may be written; the loader turns short forms into long ones. */

export const text = z.string()
export const flag = z.union([z.boolean(), z.string()])
export const wholeNumber = z.union([z.int(), z.string()])
export const anyNumber = z.union([z.number(), z.string()])
export const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

/** A name in a section: of a service, network, volume, ... */
export const resourceName = z.string().check(z.regex(/^[a-zA-Z0-9._-]+$/))

export const textList = z.array(z.string())
/** Items that are equal are a mistake where Compose does not let them fall together by itself. */
const noRepetition = <Item>() => z.refine<Item[]>(items => new Set(items).size === items.length, { error: 'repeated' })
export const uniqueTextList = z.array(z.string()).check(noRepetition<string>())
export const uniqueTextOrNumberList = z.array(z.union([z.string(), z.number()])).check(noRepetition<string | number>())
export const textOrList = z.union([z.string(), z.array(z.string())])
export const textOrNumberList = z.array(z.union([z.string(), z.number()]))
/** `command`, `entrypoint`: one line split like a shell does, a list, or nothing. */
export const commandLine = z.union([z.null(), z.string(), z.array(z.string())])
/** `A: b` or `- A=b`. */
export const listOrMap = z.union([z.record(z.string(), scalar), z.array(z.string())])
/** The same where equal lines do not fall together by themselves. */
export const uniqueListOrMap = z.union([z.record(z.string(), scalar), uniqueTextList])
export const uniqueTextOrList = z.union([z.string(), uniqueTextList])
export const options = z.record(z.string(), z.union([z.string(), z.number()]))
export const hostList = z.union([z.record(z.string(), z.union([z.string(), z.array(z.string())])), z.array(z.string())])

export const limit = z.union([wholeNumber, z.strictObject({ soft: wholeNumber, hard: wholeNumber })])
/** Names are those of getrlimit(2); Compose takes any, and so does the engine's check. */
export const ulimits = z.record(z.string(), limit)

/** `true`, or the deprecated `{name: ...}`. */
export const external = z.union([z.boolean(), z.string(), z.strictObject({ name: z.optional(z.string()) })])

export const fileReference = z.union([
  z.string(),
  z.strictObject({
    source: z.optional(z.string()),
    target: z.optional(z.string()),
    uid: z.optional(z.string()),
    gid: z.optional(z.string()),
    mode: z.optional(anyNumber),
  }),
])

export const hook = z.strictObject({
  command: commandLine,
  user: z.optional(text),
  privileged: z.optional(flag),
  working_dir: z.optional(text),
  environment: z.optional(uniqueListOrMap),
})

/** GPUs and other devices asked for by capability; `capabilities` is required in `deploy`, not in `gpus`. */
const deviceRequestShape = {
  count: z.optional(wholeNumber),
  device_ids: z.optional(uniqueTextList),
  driver: z.optional(text),
  options: z.optional(uniqueListOrMap),
}
export const gpuRequest = z.strictObject({ capabilities: z.optional(uniqueTextList), ...deviceRequestShape })
export const deviceRequest = z.strictObject({ capabilities: uniqueTextList, ...deviceRequestShape })
