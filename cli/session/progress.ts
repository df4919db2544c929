import { jsonLines } from '../ui/progress/json-lines.ts'
import { LiveBlock } from '../ui/progress/live-block.ts'
import { plainLines } from '../ui/progress/plain-lines.ts'
import type { ProgressView } from '../ui/progress/view.ts'
import type { Context } from './context.ts'

/** The view that `--progress` asks for; `auto` draws on a terminal and prints lines elsewhere. Progress goes to stderr, what builds say to stdout. */
export function createProgress(context: Context, title: string): ProgressView {
  const { stderr, errorStyle, globals, env } = context
  const write = (text: string) => stderr.write(text)
  const writeOutput = (text: string) => context.stdout.write(text)
  const canDraw = stderr.isTTY === true && env.TERM !== 'dumb' && globals.ansi !== 'never'
  switch (globals.progress) {
    case 'tty':
      return new LiveBlock(stderr, errorStyle, title)
    case 'plain':
      return plainLines(write, writeOutput, errorStyle)
    case 'json':
      return jsonLines(write)
    case 'quiet':
      return { show() {}, stop() {} }
    case 'auto':
      return canDraw ? new LiveBlock(stderr, errorStyle, title) : plainLines(write, writeOutput, errorStyle)
    default:
      throw globals.progress satisfies never
  }
}
