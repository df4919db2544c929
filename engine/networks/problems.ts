import { BerthError } from '../../schemas/errors.ts'

/** Everything that is wrong with one thing, in the form that dockerd tells it (moby libnetwork/internal, multierror). Nothing when nothing is. */
export function throwProblems(what: string, problems: readonly string[]): void {
  const [only] = problems
  if (only === undefined) return
  const text = problems.length === 1 ? only : problems.map(problem => `* ${problem}`).join('\n')
  throw new BerthError('INVALID_ARGUMENT', `${what}:\n${text}`)
}
