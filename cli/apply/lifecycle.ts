import type { Project } from '../model/project.ts'
import { observe } from '../observe/observe.ts'
import { type LifecycleVerb, planLifecycle } from '../plan/plan-lifecycle.ts'
import { applyPlan } from './apply-plan.ts'
import type { ApplyReport } from './report.ts'
import type { ApplyContext, LifecycleOptions } from './use-cases.ts'

/** A stack by its name, with its file where there is one. */
export interface StackRef {
  readonly name: string
  readonly project: Project | undefined
}

type UseCase = (context: ApplyContext, stack: StackRef, options: LifecycleOptions) => Promise<ApplyReport>

const lifecycle =
  (verb: LifecycleVerb): UseCase =>
  async (context, { name, project }, options) => {
    const observed = await observe(context.client, { name }, context.signal ? { signal: context.signal } : {})
    const plan = planLifecycle(verb, observed, project, options)
    const { waitTimeoutMs } = options
    return applyPlan(context, plan, waitTimeoutMs === undefined ? {} : { waitTimeoutMs })
  }

export const start = lifecycle('start')
export const stop = lifecycle('stop')
export const restart = lifecycle('restart')
export const kill = lifecycle('kill')
export const remove = lifecycle('rm')
export const pause = lifecycle('pause')
export const unpause = lifecycle('unpause')
