import type { LoadedStack } from '../load/load-options.ts'
import { renderDiagnostics } from '../load/render-diagnostics.ts'
import type { Context } from './context.ts'

/** Shows the mistakes and warnings of a stack file on stderr, each with the lines it is about. */
export function writeDiagnostics({ stderr, errorStyle, cwd }: Context, { diagnostics, sources }: LoadedStack): void {
  if (diagnostics.length > 0) stderr.write(renderDiagnostics(diagnostics, { sources, style: errorStyle, cwd }))
}
