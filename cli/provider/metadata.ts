import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import type { Provider } from '../model/project.ts'

const command = z.optional(
  z.object({
    parameters: z.optional(z.nullable(z.array(z.object({ name: z.string(), required: z.optional(z.boolean()) })))),
  }),
)

/** What `compose metadata` prints; members that Berth does not need are let through. */
const metadataOutput = z.object({ description: z.optional(z.string()), up: command, down: command })

export type ProviderMetadata = z.output<typeof metadataOutput>
export type ProviderCommand = 'up' | 'down'

/** undefined where a program has none, or says something else: it is given every option then. */
export function parseMetadata(text: string): ProviderMetadata | undefined {
  try {
    const parsed = metadataOutput.safeParse(JSON.parse(text))
    const isEmpty =
      !parsed.success || (!parsed.data.description && !parsed.data.up?.parameters && !parsed.data.down?.parameters)
    return isEmpty ? undefined : parsed.data
  } catch {
    return undefined
  }
}

/** The arguments of a call. Options that the program does not know are left out; one that it requires and does not get is refused. */
export function providerArguments(
  projectName: string,
  service: string,
  { type, options }: Provider,
  verb: ProviderCommand,
  metadata: ProviderMetadata | undefined,
): readonly string[] {
  const parameters = metadata === undefined ? undefined : (metadata[verb]?.parameters ?? [])
  const missing = parameters?.find(({ name, required }) => required === true && options[name] === undefined)
  if (missing !== undefined)
    throw new BerthError(
      'INVALID_ARGUMENT',
      `required parameter "${missing.name}" is missing from provider "${type}" definition`,
    )
  const flags = Object.entries(options).flatMap(([name, values]) =>
    parameters === undefined || parameters.some(parameter => parameter.name === name)
      ? values.map(value => `--${name}=${value}`)
      : [],
  )
  return ['compose', `--project-name=${projectName}`, verb, ...flags, service]
}
