import type { ContainerInspect } from '../../../schemas/api/containers.ts'
import { connect } from '../../session/connect.ts'
import { inspectEach } from '../../session/for-each.ts'
import { printInspected } from '../../session/print-rows.ts'
import { defineCommand } from '../definition.ts'

interface InspectFlags {
  readonly format?: string
  readonly size?: true
}

export const containerInspect = defineCommand<InspectFlags>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('-f, --format <how>', 'json (one line each), or a Go template such as "{{.State.Status}}"')
      .option('-s, --size', 'what it has written, and how big it is with its image'),
  examples: [
    { line: `berth container inspect -f '{{.State.ExitCode}}' shop-api-1`, means: 'one fact' },
    {
      line: `berth container inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' shop-api-1`,
      means: 'its addresses',
    },
  ],
  async run(context, names, flags) {
    const client = await connect(context)
    const { values, code } = await inspectEach(context, names, name =>
      client.json<ContainerInspect>({
        method: 'GET',
        path: `/containers/${encodeURIComponent(name)}/json`,
        query: { size: flags.size },
        signal: context.signal,
      }),
    )
    if (values.length > 0 || flags.format === undefined) printInspected(context, flags.format, values)
    return code
  },
})
