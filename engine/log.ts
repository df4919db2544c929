import pino from 'pino'

/** What services log with: fields first, then a constant phrase. */
export interface Logger {
  error(fields: object, phrase: string): void
  warn(fields: object, phrase: string): void
  info(fields: object, phrase: string): void
  debug(fields: object, phrase: string): void
}

export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** JSON lines on stderr, written synchronously: the last line before a crash is the one that matters. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  )
}
