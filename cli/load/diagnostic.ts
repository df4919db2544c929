import type { SourcePosition } from '../model/project.ts'

/** One mistake (or warning) of the user in a stack file. All of a file's are collected and shown at once, each with a caret frame. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable, e.g. `unknown-key`, `wrong-type`, `cycle`. */
  readonly code: string
  readonly message: string
  /** `services.web.ports[0]`; empty for the whole file. */
  readonly path: string
  readonly position: SourcePosition | undefined
  /** What to do next, e.g. `did you mean "healthcheck"?`. */
  readonly hint: string | undefined
}
