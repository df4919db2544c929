import { BerthError } from '../../schemas/errors.ts'
import type { LoadedStack } from '../load/load-options.ts'

/** The stack file has mistakes; they are shown as diagnostics, each with its place. */
export class InvalidStackError extends BerthError {
  readonly loaded: LoadedStack

  constructor(stack: LoadedStack) {
    super('INVALID_STACK', summary(stack))
    this.loaded = stack
  }
}

function summary({ diagnostics }: LoadedStack): string {
  const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error')
  return errors.length === 1
    ? `the stack file has a mistake: ${errors[0]?.message}`
    : `the stack file has ${errors.length} mistakes`
}
