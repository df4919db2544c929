import type { ApplyReport } from '../apply/report.ts'
import type { ApplyContext } from '../apply/use-cases.ts'
import { runUseCase } from './apply.ts'
import { connect } from './connect.ts'
import type { Context } from './context.ts'
import { findStack, type StackTarget } from './stack-target.ts'

/** The shape of start, stop, restart, kill, pause, unpause and rm: find the stack, connect, run, report. */
export async function runLifecycle(
  context: Context,
  title: string,
  services: readonly string[],
  useCase: (apply: ApplyContext, stack: StackTarget) => Promise<ApplyReport>,
): Promise<number> {
  const stack = await findStack(context, services)
  const client = await connect(context)
  return runUseCase(context, client, { title }, apply => useCase(apply, stack))
}
