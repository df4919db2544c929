import { stackJsonSchema } from '../../schemas/stack/json-schema.ts'
import { print } from '../session/context.ts'
import { defineCommand } from './definition.ts'

export const schema = defineCommand<Record<string, never>>({
  configure: command => command,
  details:
    'For editors: put "# yaml-language-server: $schema=stack.schema.json" into the first line of a stack file, and it is completed, explained and checked as it is written.',
  examples: [{ line: 'berth schema > stack.schema.json', means: 'a file for the editor' }],
  async run(context) {
    print(context, `${JSON.stringify(stackJsonSchema(), null, 2)}\n`)
    return 0
  },
})
