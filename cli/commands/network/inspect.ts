import { inspectNetwork } from '../../client/networks.ts'
import { connect } from '../../session/connect.ts'
import { inspectEach } from '../../session/for-each.ts'
import { printInspected } from '../../session/print-rows.ts'
import { defineCommand } from '../definition.ts'

export const networkInspect = defineCommand<{ readonly format?: string; readonly verbose?: true }>({
  configure: command =>
    command
      .argument('<NETWORK...>', 'names or ids')
      .option('-f, --format <how>', 'json (one line each), or a Go template such as "{{.Driver}}"')
      .option('-v, --verbose', 'no effect: it is for networks of a swarm'),
  examples: [
    {
      line: `berth network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{println}}{{end}}' shop_default`,
      means: 'who is on it',
    },
  ],
  async run(context, names, { format }) {
    const client = await connect(context)
    const { values, code } = await inspectEach(context, names, name => inspectNetwork(client, name))
    if (values.length > 0 || format === undefined) printInspected(context, format, values)
    return code
  },
})
