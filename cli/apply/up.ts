import type { EngineClient } from '../client/engine-client.ts'
import type { Project } from '../model/project.ts'
import { observe } from '../observe/observe.ts'
import type { Plan } from '../plan/plan.ts'
import { planUp as planFrom } from '../plan/plan-up.ts'
import { providedBefore, withProvided } from '../plan/provided.ts'
import { selectServices } from '../plan/selection.ts'
import { applyPlan } from './apply-plan.ts'
import { readStackFiles, type StackFiles } from './files.ts'
import { providersUp } from './providers.ts'
import type { ApplyReport } from './report.ts'
import type { ApplyContext, UpOptions } from './use-cases.ts'

/** What `up` would do. */
export async function planUp(client: EngineClient, project: Project, options: UpOptions): Promise<Plan> {
  return (await prepare(client, project, options, undefined, true)).plan
}

/** Brings a project up: calls its providers, looks, plans, applies. */
export async function up(context: ApplyContext, given: Project, options: UpOptions): Promise<ApplyReport> {
  const bringUp = (services: readonly string[]): Promise<ApplyReport> => up(context, given, { ...options, services })
  const { project, report } = await providersUp(context, given, options, bringUp)
  return report ?? upWithoutProviders(context, project, options)
}

async function upWithoutProviders(context: ApplyContext, project: Project, options: UpOptions): Promise<ApplyReport> {
  if (options.build === 'always') {
    // Built before anything is compared: an image that comes out different is a reason to make its containers anew.
    const built = await buildFirst(context, project, options)
    if (built.failures.length > 0 || built.isCancelled) return built
    return upWithoutProviders(context, project, { ...options, build: 'never' })
  }
  const { plan, files } = await prepare(context.client, project, options, context.signal)
  const { waitTimeoutMs, monitorMs } = options
  return applyPlan(context, plan, {
    files: files.contents,
    ...(waitTimeoutMs !== undefined && { waitTimeoutMs }),
    ...(monitorMs !== undefined && { monitorMs }),
  })
}

async function buildFirst(context: ApplyContext, project: Project, options: UpOptions): Promise<ApplyReport> {
  const { plan, files } = await prepare(context.client, project, options, context.signal)
  const ops = plan.ops.filter(op => op.kind === 'image.build')
  return applyPlan(context, { ...plan, ops, unchanged: [], warnings: [] }, { files: files.contents })
}

async function prepare(
  client: EngineClient,
  project: Project,
  options: UpOptions,
  signal?: AbortSignal,
  isPreview = false,
): Promise<{ readonly plan: Plan; readonly files: StackFiles }> {
  const { services } = selectServices(project, options.services ?? [], options.noDeps ?? false)
  const [observed, files] = await Promise.all([
    observe(client, project, signal ? { signal } : {}),
    readStackFiles(project, services),
  ])
  const known = isPreview ? withProvided(project, providedBefore(project, observed)) : project
  return { plan: planFrom(known, observed, files.digests, options), files }
}
