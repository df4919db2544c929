/** Every failure that Berth itself reports has one of these codes; the table says what it is over HTTP and for a shell. */
export const errorTable = {
  INVALID_ARGUMENT: { httpStatus: 400, exitCode: 1 },
  USAGE: { httpStatus: 400, exitCode: 1 },
  INVALID_STACK: { httpStatus: 400, exitCode: 1 },
  UNAUTHORIZED: { httpStatus: 401, exitCode: 1 },
  FORBIDDEN: { httpStatus: 403, exitCode: 1 },
  NOT_FOUND: { httpStatus: 404, exitCode: 1 },
  CONFLICT: { httpStatus: 409, exitCode: 1 },
  NOT_MODIFIED: { httpStatus: 304, exitCode: 0 },
  NO_SPACE: { httpStatus: 507, exitCode: 1 },
  UNAVAILABLE: { httpStatus: 503, exitCode: 1 },
  NOT_IMPLEMENTED: { httpStatus: 501, exitCode: 1 },
  CANCELLED: { httpStatus: 499, exitCode: 130 },
  TIMEOUT: { httpStatus: 504, exitCode: 1 },
  INTERNAL: { httpStatus: 500, exitCode: 1 },
} as const satisfies Record<string, { httpStatus: number; exitCode: number }>

export type ErrorCode = keyof typeof errorTable

/** The one error class of the project. `message` says what was expected and found; `hint` says what to do next. */
export class BerthError extends Error {
  override readonly name = 'BerthError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}
