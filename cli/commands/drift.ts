import { planUp } from '../apply/up.ts'
import { hasChanges } from '../plan/plan.ts'
import { connect } from '../session/connect.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'

interface DriftFlags {
  readonly json?: true
  readonly quiet?: true
}

export const drift = defineCommand<DriftFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to look at, with what they depend on (default: all)')
      .option('--json', 'print what differs as JSON, as "berth plan --json" does')
      .option('-q, --quiet', 'print nothing; the exit code says it'),
  details:
    'Compares what runs with what the file says, containers of services that the file no longer has included. Nothing is changed. ' +
    'The exit code is 0 if nothing differs, 2 if something does, 1 for an error.',
  examples: [
    { line: 'berth drift -q || berth up -d --remove-orphans', means: 'for a timer: put right what somebody changed' },
  ],
  failureExitCode: () => 1,
  async run(context, services, { json = false, quiet = false }) {
    const { project } = await loadStack(context, { services })
    requireServices(project, services)
    const client = await connect(context)
    const plan = await planUp(client, project, { services, removeOrphans: services.length === 0 })
    if (quiet) return hasChanges(plan) ? 2 : 0
    return showPlan(context, plan, { json, hasDetailedExitCode: true })
  },
})
