import { Option } from 'commander'
import { planUp, up as upStack } from '../apply/up.ts'
import { runUseCase } from '../session/apply.ts'
import { connect } from '../session/connect.ts'
import { choice, collect } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'
import { addMakeFlags, type MakeFlags, type PlanUpFlags, upOptions } from './up-flags.ts'

type CreateFlags = MakeFlags & Pick<PlanUpFlags, 'forceRecreate' | 'recreate' | 'removeOrphans' | 'scale' | 'pull'>

export const create = defineCommand<CreateFlags>({
  configure: command =>
    addMakeFlags(command.argument('[SERVICE...]', 'services to create, with what they depend on (default: all)'))
      .option('--force-recreate', 'make containers anew even if nothing has changed')
      .option('--no-recreate', 'leave containers that exist as they are')
      .option('--remove-orphans', 'remove containers of services that the file no longer has')
      .addOption(choice('--pull <when>', 'when to pull images', ['always', 'missing', 'never', 'policy']))
      .addOption(
        new Option('--scale <SERVICE=n>', 'number of containers of a service; may be repeated')
          .argParser(collect)
          .default([]),
      ),
  details: 'Containers, networks and volumes are made and nothing is started; "berth start" does that.',
  examples: [{ line: 'berth create && berth start', means: 'what "berth up -d" does, in two steps' }],
  handlesInterrupt: true,
  async run(context, services, flags) {
    const stack = await loadStack(context, { services })
    const { project } = stack
    requireServices(project, services)
    const options = upOptions(stack, services, { ...flags, deps: true, start: false })
    const client = await connect(context)
    if (context.globals.dryRun) return showPlan(context, await planUp(client, project, options))
    const choices = { title: 'create', isPullQuiet: flags.quietPull ?? false }
    return runUseCase(context, client, choices, apply => upStack(apply, project, options))
  },
})
