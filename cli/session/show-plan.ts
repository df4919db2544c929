import type { PlanOutput } from '../../schemas/output/plan.ts'
import { openPortWarnings } from '../plan/open-ports.ts'
import { hasChanges, type Plan } from '../plan/plan.ts'
import { planText } from '../ui/plan-text.ts'
import { type Context, print, printJson } from './context.ts'

export interface PlanChoices {
  readonly json?: boolean
  /** 2 when something would be done, as terraform has it. */
  readonly hasDetailedExitCode?: boolean
}

/** Prints a plan and returns the exit code: what `plan` does, and every command with --dry-run. */
export function showPlan(context: Context, plan: Plan, choices: PlanChoices = {}): number {
  const shown = { ...plan, warnings: [...plan.warnings, ...openPortWarnings(plan)] }
  if (choices.json) printJson(context, planOutput(shown))
  else print(context, planText(shown, context))
  return choices.hasDetailedExitCode && hasChanges(plan) ? 2 : 0
}

function planOutput({ project, ops, unchanged, warnings }: Plan): PlanOutput {
  return {
    project,
    ops: ops.map(op => ({
      ...op,
      needs: [...op.needs],
      after: [...op.after],
      why: op.why.map(reason => ({ ...reason })),
    })),
    unchanged: unchanged.map(container => ({ ...container })),
    warnings: [...warnings],
  }
}
