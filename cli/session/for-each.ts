import { BerthError } from '../../schemas/errors.ts'
import { type Context, print } from './context.ts'
import { reportError } from './report-error.ts'

/**
 * Does one thing to each of several names, as docker's commands do: all are tried, the name of each that worked is printed, and each failure is reported.
 * Returns the exit code: 1 when any failed. A text that `act` answers is printed in place of the name.
 */
export async function forEachName(
  context: Context,
  names: readonly string[],
  act: (name: string) => Promise<unknown>,
): Promise<number> {
  const outcomes = await Promise.allSettled(names.map(act))
  let code = 0
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled')
      print(context, `${typeof outcome.value === 'string' ? outcome.value : names[at]}\n`)
    else if (context.signal.aborted) throw outcome.reason
    else code = Math.max(code, await reportError(context, outcome.reason, {}))
  }
  return code
}

/** Collects one value for each name; the values that were found, and the exit code after failures were reported. */
export async function inspectEach(
  context: Context,
  names: readonly string[],
  inspect: (name: string) => Promise<unknown>,
): Promise<{ readonly values: readonly unknown[]; readonly code: number }> {
  const outcomes = await Promise.allSettled(names.map(inspect))
  let code = 0
  const values: unknown[] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') values.push(outcome.value)
    else if (outcome.reason instanceof BerthError) code = Math.max(code, await reportError(context, outcome.reason, {}))
    else throw outcome.reason
  }
  return { values, code }
}
