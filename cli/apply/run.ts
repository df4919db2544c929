import { randomBytes } from 'node:crypto'
import { BerthError } from '../../schemas/errors.ts'
import type { Project } from '../model/project.ts'
import { observe } from '../observe/observe.ts'
import { planRun } from '../plan/plan-run.ts'
import { selectServices } from '../plan/selection.ts'
import { applyPlan } from './apply-plan.ts'
import { readStackFiles } from './files.ts'
import { providersUp } from './providers.ts'
import type { Failure } from './report.ts'
import { up } from './up.ts'
import type { ApplyContext, PreparedRun, RunOptions } from './use-cases.ts'

/** Brings up what a service depends on and makes a one-off container of it. The caller attaches and starts it. Throws what went wrong. */
export async function prepareRun(context: ApplyContext, given: Project, options: RunOptions): Promise<PreparedRun> {
  const choice = { services: [options.service], noDeps: options.noDeps === true }
  const { project, report } = await providersUp(context, given, choice, services => up(context, given, { services }))
  throwFirst(report?.failures ?? [])
  const { services } = selectServices(project, [options.service], options.noDeps === true)
  const [observed, files] = await Promise.all([observe(context.client, project), readStackFiles(project, services)])
  const plan = planRun(project, observed, files.digests, options, randomBytes(6).toString('hex'))
  const { failures, isCancelled, ids } = await applyPlan(context, plan, { files: files.contents })
  throwFirst(failures)
  const create = plan.ops.find(
    op => op.kind === 'container.create' && op.body.Labels?.['com.docker.compose.oneoff'] === 'True',
  )
  const containerName = create?.kind === 'container.create' ? create.name : ''
  const containerId = ids.get(containerName)
  if (isCancelled || containerId === undefined) throw new BerthError('CANCELLED', 'interrupted')
  return { containerId, containerName, tty: options.tty, interactive: options.interactive }
}

function throwFirst([failure]: readonly Failure[]): void {
  if (failure === undefined) return
  const { code, message, hint } = failure.error
  throw new BerthError(code, `${failure.subject}: ${message}`, {
    cause: failure.error,
    ...(hint !== undefined && { hint }),
  })
}
