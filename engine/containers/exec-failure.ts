import { BerthError } from '../../schemas/errors.ts'
import { NativeError } from '../runtime/connection.ts'
import { reasonOf } from './start-failure.ts'

/** 127 for a program that is not there, 126 for the rest, as shells have it. */
export const execFailureCode = (error: unknown): number => {
  if (!(error instanceof NativeError) || !isAboutProgram(error)) return 126
  return error.failure.errno === 2 ? 127 : 126
}

const isAboutProgram = ({ failure }: NativeError): boolean => failure.stage === 'exec' || failure.stage === 'cwd'

/** A program that is not there is the client's mistake, not ours. */
export function describeExecFailure(error: unknown, program: string): unknown {
  if (!(error instanceof NativeError) || !isAboutProgram(error)) return error
  const { stage, errno } = error.failure
  const why = (stage === 'exec' ? reasonOf(errno, program) : undefined) ?? error.message
  return new BerthError(
    'INVALID_ARGUMENT',
    `OCI runtime exec failed: exec failed: unable to start container process: ${why}`,
    { cause: error },
  )
}
