import type { EngineClient } from '../client/engine-client.ts'
import type { Project } from '../model/project.ts'
import { observeImages } from '../observe/images.ts'
import { observe } from '../observe/observe.ts'
import type { Plan } from '../plan/plan.ts'
import { planDown as planFrom } from '../plan/plan-down.ts'
import { applyPlan } from './apply-plan.ts'
import { providersDown } from './providers.ts'
import type { ApplyReport } from './report.ts'
import type { ApplyContext, DownOptions } from './use-cases.ts'

/** What `down` would do. `target` is a Project, or only the name of one. */
export async function planDown(client: EngineClient, target: Project | string, options: DownOptions): Promise<Plan> {
  const project = typeof target === 'string' ? undefined : target
  // By labels and not by the file's names: what an earlier version of the file made goes too.
  const [observed, images] = await Promise.all([
    observe(client, { name: typeof target === 'string' ? target : target.name }),
    project === undefined || options.removeImages === undefined ? {} : observeImages(client, project, {}),
  ])
  return planFrom({ ...observed, images }, project, options)
}

/** Takes a project away: its containers and what is theirs, then what providers keep for it. */
export async function down(
  context: ApplyContext,
  target: Project | string,
  options: DownOptions,
): Promise<ApplyReport> {
  const report = await applyPlan(context, await planDown(context.client, target, options))
  if (typeof target === 'string' || report.failures.length > 0 || report.isCancelled) return report
  const failures = await providersDown(context, target, options.services ?? [])
  return { ...report, failures }
}
