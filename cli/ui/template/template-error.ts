import { BerthError } from '../../../schemas/errors.ts'

/** A template that cannot be read or does not fit its data: docker's exit code for both is 1, ours for a wrong call too. */
export function templateError(problem: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `cannot use the template of --format: ${problem}`, {
    hint: 'expected a Go template such as "{{.Name}}", "table {{.ID}}\\t{{.Name}}" or "{{json .}}"',
  })
}
