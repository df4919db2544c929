import { inspectImage } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { printInspected } from '../../session/print-rows.ts'
import { defineCommand } from '../definition.ts'

interface InspectFlags {
  readonly format?: string
}

export const inspect = defineCommand<InspectFlags>({
  configure: command =>
    command
      .argument('<IMAGE...>', 'names or ids')
      .option('-f, --format <how>', 'json, or a Go template: "{{.Id}}" (default: indented JSON)'),
  examples: [{ line: 'berth image inspect -f "{{json .Config.Env}}" app', means: 'the variables that it sets' }],
  async run(context, names, { format }) {
    const client = await connect(context)
    printInspected(context, format, await Promise.all(names.map(name => inspectImage(client, name))))
    return 0
  },
})
