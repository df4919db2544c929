import { createLogPrefix } from '../ui/log-prefix.ts'
import { createStyle } from '../ui/style.ts'
import type { Context } from './context.ts'
import type { LogLine } from './log-lines.ts'

export interface LogFlags {
  readonly color: boolean
  readonly logPrefix: boolean
  readonly timestamps?: boolean
}

/** Prints log lines: prefix and all on stdout, as `docker compose logs` does. */
export function createLogPrinter(
  context: Context,
  names: readonly string[],
  flags: LogFlags,
): (name: string, line: LogLine) => void {
  const style = flags.color ? context.style : createStyle({ mode: 'never', isTty: false, env: context.env })
  const prefix = createLogPrefix(names, { style, hasPrefix: flags.logPrefix })
  return (name, { time, text }) => context.stdout.write(`${prefix(name)}${flags.timestamps ? `${time} ` : ''}${text}\n`)
}
