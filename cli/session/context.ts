import type { Input, Output } from '../ui/streams.ts'
import type { Style } from '../ui/style.ts'
import type { GlobalFlags } from './globals.ts'

/** The three standard streams; values that commands print go to `stdout`, progress and errors to `stderr`. */
export interface Streams {
  /** A call and not a value: opening standard input costs 5 ms, and few commands read it. */
  readonly stdin: () => Input
  readonly stdout: Output
  readonly stderr: Output
}

/** Everything that one run of the command line knows of the world: made by main.ts, handed to the command. */
export interface Context extends Streams {
  readonly globals: GlobalFlags
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Folder of the built program; berthd.cjs and berth-native lie there. */
  readonly distDir: string
  /** Colours for each stream by itself: one may be a terminal and the other a file. */
  readonly style: Style
  readonly errorStyle: Style
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** Writes a text, or a value as one line of JSON. */
export function print(context: Context, text: string): void {
  context.stdout.write(text)
}

export function printJson(context: Context, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value)}\n`)
}
