import { BerthError } from '../../schemas/errors.ts'
import { type CommandDefinition, defineCommand } from './definition.ts'

/** A command of docker compose that Berth leaves out, and what to use in its place. */
const refused = (name: string, because: string, hint: string): CommandDefinition =>
  defineCommand({
    configure: command => command.argument('[WORDS...]').allowUnknownOption().passThroughOptions(),
    details: `Not in Berth: ${because}.`,
    async run() {
      throw new BerthError('NOT_IMPLEMENTED', `"berth ${name}" does not exist: ${because}`, { hint })
    },
  })

export const alpha = refused(
  'alpha',
  'these are experiments of Compose',
  'what became of them: "berth graph", "berth scale", "berth watch", "berth --dry-run ..."',
)

export const bridge = refused(
  'bridge',
  'it runs images of Docker that turn a stack into Kubernetes manifests',
  '"berth config" prints the stack in full, for another tool to turn it into something else',
)
