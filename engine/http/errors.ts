import { BerthError, errorTable } from '../../schemas/errors.ts'
import type { Reply } from './route.ts'

/** The one place where a failure becomes a status and a body `{message}`. What is not a BerthError is a defect of ours: 500. */
export function errorReply(error: unknown): Reply {
  if (error instanceof BerthError) {
    const message = error.hint === undefined ? error.message : `${error.message} (${error.hint})`
    return { status: errorTable[error.code].httpStatus, body: { message } }
  }
  return { status: 500, body: { message: error instanceof Error ? error.message : String(error) } }
}

/** True when somebody should look at it: it belongs in the daemon's log. */
export const isDefect = (error: unknown): boolean => !(error instanceof BerthError) || error.code === 'INTERNAL'
