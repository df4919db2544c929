import type { TopOutput } from '../../schemas/output/top.ts'
import { containerTop } from '../client/containers.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { nameOf, serviceOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { sanitizeLine } from '../ui/sanitize.ts'
import { formatTable } from '../ui/table.ts'
import { defineCommand } from './definition.ts'

interface TopFlags {
  readonly format: 'text' | 'json'
}

export const top = defineCommand<TopFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to show (default: all)')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth top web', means: 'processes of the containers of web' }],
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const containers = await stackContainers(client, stack, { services })
    const running = containers.filter(container => container.State === 'running' || container.State === 'paused')
    const tables = await Promise.all(running.map(container => containerTop(client, container.Id, undefined)))
    for (const [at, container] of running.entries()) {
      const table = tables[at]
      if (!table) continue
      if (flags.format === 'json') {
        const output: TopOutput = {
          container: nameOf(container),
          service: serviceOf(container),
          titles: [...table.Titles],
          processes: table.Processes.map(row => [...row]),
        }
        printJson(context, output)
        continue
      }
      const columns = table.Titles.map((title, column) => ({
        title,
        value: (row: readonly string[]) => row[column] ?? '',
      }))
      print(
        context,
        `${at > 0 ? '\n' : ''}${context.style.bold(sanitizeLine(nameOf(container)))}\n${formatTable(columns, table.Processes)}`,
      )
    }
    return 0
  },
})
