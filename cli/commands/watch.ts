import { Option } from 'commander'
import { up as upStack } from '../apply/up.ts'
import { runUseCase } from '../session/apply.ts'
import { connect } from '../session/connect.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { readWatchRules, watchStackFiles } from '../session/watch.ts'
import { defineCommand } from './definition.ts'

interface WatchFlags {
  readonly up: boolean
  readonly prune: boolean
  readonly quiet?: true
}

export const watch = defineCommand<WatchFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to watch (default: all with a develop section)')
      .option('--no-up', 'do not bring the services up first')
      .addOption(new Option('--prune', 'remove the images that a rebuild replaces').default(true).hideHelp())
      .option('--no-prune', 'keep the images that a rebuild replaces')
      .option('--quiet', 'say nothing of what is done'),
  details:
    'Follows the "develop.watch" section of services: changed files are copied into their containers (sync), which are then restarted (sync+restart), ' +
    'or in which a command is run (sync+exec). Ends at Ctrl-C; the containers go on.',
  examples: [
    { line: 'berth watch', means: 'bring the stack up and keep its containers in step with the files here' },
    { line: 'berth watch --no-up web', means: 'one service that runs already' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const { project } = await loadStack(context, { services })
    requireServices(project, services)
    const rules = readWatchRules(project, services)
    const client = await connect(context)
    if (flags.up) {
      const code = await runUseCase(context, client, { title: 'up' }, apply => upStack(apply, project, { services }))
      if (code !== 0) return code
    }
    await watchStackFiles(context, client, project, rules, { isQuiet: flags.quiet ?? false, prunes: flags.prune })
    return 130
  },
})
