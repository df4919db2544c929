import { planUp } from '../apply/up.ts'
import { connect } from '../session/connect.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'
import { addUpFlags, type PlanUpFlags, upOptions } from './up-flags.ts'

interface PlanFlags extends PlanUpFlags {
  readonly json?: true
  readonly detailedExitcode?: true
}

export const plan = defineCommand<PlanFlags>({
  configure: command =>
    addUpFlags(command.argument('[SERVICE...]', 'services to look at, with what they depend on (default: all)'))
      .option('--json', 'print the plan as JSON')
      .option('--detailed-exitcode', 'return 0 if nothing is to be done, 2 if something is, 1 for an error'),
  details: 'Nothing is changed. Every step says why: which field, what it was and will be, and where the file says so.',
  examples: [
    { line: 'berth plan', means: 'what "berth up -d" would do' },
    { line: 'berth plan --detailed-exitcode', means: 'for scripts: is the stack as its file says?' },
  ],
  failureExitCode: ({ detailedExitcode }) => (detailedExitcode ? 1 : undefined),
  async run(context, services, flags) {
    const stack = await loadStack(context, { services })
    const { project } = stack
    requireServices(project, services)
    const client = await connect(context)
    const result = await planUp(client, project, upOptions(stack, services, flags))
    return showPlan(context, result, {
      json: flags.json ?? false,
      hasDetailedExitCode: flags.detailedExitcode ?? false,
    })
  },
})
