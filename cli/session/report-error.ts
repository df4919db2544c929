import { BerthError, errorTable } from '../../schemas/errors.ts'
import { sanitize } from '../ui/sanitize.ts'
import type { Context } from './context.ts'
import { InvalidStackError } from './invalid-stack-error.ts'

/**
 * Shows a failure on stderr, as text or (when the command was asked for JSON) as `{"error": {code, message, hint, diagnostics}}`, and returns the
 * exit code that belongs to it.
 */
export async function reportError(
  context: Context,
  error: unknown,
  flags: Readonly<Record<string, unknown>>,
): Promise<number> {
  const known = toBerthError(error)
  if (wantsJson(context, flags)) {
    const { code, message, hint } = known
    const diagnostics = known instanceof InvalidStackError ? known.loaded.diagnostics : undefined
    context.stderr.write(`${JSON.stringify({ error: { code, message, hint, diagnostics } })}\n`)
  } else if (known instanceof InvalidStackError) {
    const { writeDiagnostics } = await import('./write-diagnostics.ts')
    writeDiagnostics(context, known.loaded)
  } else {
    context.stderr.write(errorText(context, known, error))
  }
  return errorTable[known.code].exitCode
}

/** `berth: message`, then the hint; a bug shows its stack when BERTH_DEBUG is set. */
function errorText({ errorStyle, env }: Context, known: BerthError, original: unknown): string {
  const lines = [`${errorStyle.red('berth:')} ${sanitize(known.message)}`]
  if (known.hint !== undefined) lines.push(`${errorStyle.cyan('hint:')} ${sanitize(known.hint)}`)
  if (env.BERTH_DEBUG && original instanceof Error) lines.push(original.stack ?? '', ...causes(original))
  return `${lines.join('\n')}\n`
}

function causes(error: Error): readonly string[] {
  return error.cause instanceof Error ? [`caused by ${error.cause.stack}`, ...causes(error.cause)] : []
}

function toBerthError(error: unknown): BerthError {
  if (error instanceof BerthError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new BerthError('INTERNAL', `unexpected failure: ${message}`, {
    cause: error,
    hint: 'this is a defect in Berth: run again with BERTH_DEBUG=1 and report what it prints',
  })
}

function wantsJson({ globals }: Context, flags: Readonly<Record<string, unknown>>): boolean {
  return globals.progress === 'json' || flags.format === 'json' || flags.json === true
}
