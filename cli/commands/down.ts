import { down as downStack, planDown } from '../apply/down.ts'
import type { DownOptions } from '../apply/use-cases.ts'
import { runUseCase } from '../session/apply.ts'
import { connect } from '../session/connect.ts'
import { choice, integer } from '../session/globals.ts'
import { orphanChoice } from '../session/orphan-choice.ts'
import { showPlan } from '../session/show-plan.ts'
import { findStack } from '../session/stack-target.ts'
import { defineCommand } from './definition.ts'

interface DownFlags {
  readonly removeOrphans?: true
  readonly rmi?: 'local' | 'all'
  readonly timeout?: number
  readonly volumes?: true
}

export const down = defineCommand<DownFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'only these services (default: the whole stack)')
      .option('--remove-orphans', 'containers of services that the file no longer has too')
      .addOption(choice('--rmi <which>', 'remove images of the services too', ['local', 'all']))
      .option('-t, --timeout <seconds>', 'how long a container may take to stop before it is killed', integer(0))
      .option('-v, --volumes', 'remove named volumes of the stack and anonymous ones too: their data is lost'),
  details: 'Volumes stay, with their data, unless -v is given. Works without the stack file when -p names the stack.',
  examples: [
    { line: 'berth down', means: 'stop and remove; data stays' },
    { line: 'berth down -t 0 -v', means: 'at once, and without leaving data' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const options: DownOptions = {
      services,
      ...orphanChoice(stack.environment, flags.removeOrphans),
      removeVolumes: flags.volumes ?? false,
      ...(flags.rmi === undefined ? {} : { removeImages: flags.rmi }),
      ...(flags.timeout === undefined ? {} : { stopTimeoutSeconds: flags.timeout }),
    }
    const target = stack.project ?? stack.name
    if (context.globals.dryRun) return showPlan(context, await planDown(client, target, options))
    return runUseCase(context, client, { title: 'down' }, apply => downStack(apply, target, options))
  },
})
