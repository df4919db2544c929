import { createLogPrefix } from '../ui/log-prefix.ts'
import { createStyle } from '../ui/style.ts'
import type { Context } from './context.ts'
import type { LogLine } from './log-lines.ts'

export interface LogFlags {
  readonly color: boolean
  readonly logPrefix: boolean
  readonly timestamps?: boolean
  readonly isSplit?: boolean
}

/** Prints log lines: prefix and all on stdout, as `docker compose logs` does; with `isSplit` what a container wrote to stderr goes there, as in its `up`. */
export function createLogPrinter(
  context: Context,
  names: readonly string[],
  flags: LogFlags,
): (name: string, line: LogLine) => void {
  const style = flags.color ? context.style : createStyle({ mode: 'never', isTty: false, env: context.env })
  const prefix = createLogPrefix(names, { style, hasPrefix: flags.logPrefix })
  return (name, { stream, time, text }) => {
    const output = flags.isSplit === true && stream === 'stderr' ? context.stderr : context.stdout
    output.write(`${prefix(name)}${flags.timestamps ? `${time} ` : ''}${text}\n`)
  }
}
