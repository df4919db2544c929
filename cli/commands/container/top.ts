import type { ContainerTopOutput } from '../../../schemas/output/container.ts'
import { containerTop } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { print, printJson } from '../../session/context.ts'
import { choice } from '../../session/globals.ts'
import { formatTable } from '../../ui/table.ts'
import { defineCommand } from '../definition.ts'

export const containerTopCommand = defineCommand<{ readonly format: 'text' | 'json' }>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .argument('[PS_OPTIONS...]', 'columns, as ps takes them: -eo pid,comm')
      .passThroughOptions()
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth container top shop-api-1 -eo pid,rss,args', means: 'chosen columns' }],
  async run(context, [name = '', ...psArguments], { format }) {
    const client = await connect(context)
    const table = await containerTop(client, name, psArguments.length > 0 ? psArguments.join(' ') : undefined)
    const output: ContainerTopOutput = {
      titles: [...table.Titles],
      processes: table.Processes.map(row => [...row]),
    }
    if (format === 'json') printJson(context, output)
    else {
      const columns = output.titles.map((title, at) => ({ title, value: (row: readonly string[]) => row[at] ?? '' }))
      print(context, formatTable(columns, output.processes))
    }
    return 0
  },
})
