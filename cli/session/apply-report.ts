import { errorTable } from '../../schemas/errors.ts'
import type { ErrorOutput } from '../../schemas/output/error.ts'
import type { ApplyReport, Failure } from '../apply/report.ts'
import { sanitize, sanitizeLine } from '../ui/sanitize.ts'
import type { Context } from './context.ts'

/** Shows why a run failed (root causes only, each with its hint and the end of the container's log) and returns the exit code. */
export function showReport(context: Context, report: ApplyReport): number {
  const { failures, isCancelled, results } = report
  for (const failure of failures)
    context.stderr.write(context.globals.progress === 'json' ? jsonFailure(failure) : failureText(context, failure))
  const skipped = results.filter(result => result.outcome.kind === 'skipped').length
  const done = results.filter(result => result.outcome.kind === 'done').length
  if (
    (failures.length > 0 || isCancelled) &&
    skipped > 0 &&
    context.globals.progress !== 'json' &&
    context.globals.progress !== 'quiet'
  ) {
    const what = isCancelled ? 'interrupted' : 'stopped there'
    context.stderr.write(
      `${what}: ${count(done, 'operation')} done, ${skipped} not begun; the same command goes on from here\n`,
    )
  }
  if (isCancelled) return errorTable.CANCELLED.exitCode
  const [first] = failures
  return first === undefined ? 0 : errorTable[first.error.code].exitCode
}

function failureText({ errorStyle: style }: Context, { subject, error, logTail = [] }: Failure): string {
  const lines = [`${style.red('berth:')} ${sanitizeLine(subject)}: ${sanitize(error.message)}`]
  if (error.hint !== undefined) lines.push(`${style.cyan('hint:')} ${sanitize(error.hint)}`)
  if (logTail.length > 0)
    lines.push(
      style.dim('the last lines of its log:'),
      ...logTail.map(line => `  ${style.dim('|')} ${sanitizeLine(line)}`),
    )
  return `${lines.join('\n')}\n`
}

function jsonFailure({ subject, service, error, logTail }: Failure): string {
  const { code, message, hint } = error
  const output: ErrorOutput = {
    error: {
      code,
      message,
      subject,
      ...(hint === undefined ? {} : { hint }),
      ...(service === undefined ? {} : { service }),
      ...(logTail === undefined ? {} : { logTail: [...logTail] }),
    },
  }
  return `${JSON.stringify(output)}\n`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
