import { BerthError, type ErrorCode } from '../../schemas/errors.ts'

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  304: 'NOT_MODIFIED',
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  499: 'CANCELLED',
  501: 'NOT_IMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'TIMEOUT',
  507: 'NO_SPACE',
}

/** The error for an answer with a status of 400 and above, whose body is `{"message": "..."}` (or plain text from a proxy on the way). */
export function engineError(status: number, body: string): BerthError {
  return new BerthError(
    codeOfStatus[status] ?? 'INTERNAL',
    messageOf(body) ?? `the engine answered with status ${status}`,
  )
}

function messageOf(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') {
      return value.message.trim()
    }
  } catch {
    // Not JSON: shown as it is.
  }
  const text = body.trim()
  return text === '' ? undefined : text
}

/** The error for a request that never got an answer. */
export function connectionError(host: string, cause: Error): BerthError {
  if (cause.name === 'AbortError') return new BerthError('CANCELLED', 'cancelled', { cause })
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new BerthError('UNAVAILABLE', `no engine answers at ${host}`, {
        cause,
        hint: 'start it with "berth daemon start"',
      })
    case 'EACCES':
      return new BerthError('FORBIDDEN', `no permission to connect to ${host}`, {
        cause,
        hint: 'run as root, or join the group of the socket',
      })
    default:
      return new BerthError('UNAVAILABLE', `connection to the engine at ${host} failed: ${cause.message}`, { cause })
  }
}

/** For calls where "it is not there (any more)" is a fine answer. */
export const isNotFound = (error: unknown): boolean => error instanceof BerthError && error.code === 'NOT_FOUND'
export const isConflict = (error: unknown): boolean => error instanceof BerthError && error.code === 'CONFLICT'
