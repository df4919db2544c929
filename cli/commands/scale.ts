import { BerthError } from '../../schemas/errors.ts'
import { planUp, up as upStack } from '../apply/up.ts'
import { runUseCase } from '../session/apply.ts'
import { connect } from '../session/connect.ts'
import { loadStack } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'
import { parseScale } from './up-flags.ts'

export const scale = defineCommand<{ readonly deps: boolean }>({
  configure: command =>
    command
      .argument('<SERVICE=n...>', 'services, each with the number of containers that it is to have')
      .option('--no-deps', 'not the services that the named ones depend on'),
  details: 'The number holds until the next "berth up", which goes by the file again.',
  examples: [{ line: 'berth scale worker=3 web=2', means: 'three containers of one service and two of another' }],
  handlesInterrupt: true,
  async run(context, words, { deps }) {
    const { project } = await loadStack(context)
    const wanted = parseScale(project, words)
    if (Object.keys(wanted).length === 0) throw new BerthError('USAGE', 'expected SERVICE=number')
    const options = { services: Object.keys(wanted), noDeps: !deps, scale: wanted }
    const client = await connect(context)
    if (context.globals.dryRun) return showPlan(context, await planUp(client, project, options))
    return runUseCase(context, client, { title: 'scale' }, apply => upStack(apply, project, options))
  },
})
