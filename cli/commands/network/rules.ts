import { networkRules as readRules } from '../../client/networks.ts'
import { connect } from '../../session/connect.ts'
import { filterOption, readFilters } from '../../session/filters.ts'
import { defineCommand } from '../definition.ts'

export const networkRules = defineCommand<{ readonly filter: readonly string[] }>({
  configure: command => command.addOption(filterOption()),
  examples: [
    { line: 'berth network rules', means: 'addresses, routes, names and published ports of all networks, as text' },
    { line: 'berth network rules -f label=com.docker.compose.project=shop', means: 'those of one stack' },
  ],
  async run(context, _names, { filter }) {
    context.stdout.write(await readRules(await connect(context), readFilters(filter)))
    return 0
  },
})
