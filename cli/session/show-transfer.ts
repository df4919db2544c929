import type { ProgressMessage } from '../../schemas/api/images.ts'
import { TransferLines } from '../ui/transfer-lines.ts'
import type { Context } from './context.ts'

/** Shows the messages of a pull or push on standard output until they end, as docker does; `--progress json` prints them as they are. */
export async function showTransfer(
  context: Context,
  messages: AsyncIterable<ProgressMessage>,
  isQuiet = false,
): Promise<void> {
  const { stdout, globals, env } = context
  const canMove =
    stdout.isTTY === true && env.TERM !== 'dumb' && globals.ansi !== 'never' && globals.progress !== 'plain'
  const lines = new TransferLines(stdout, canMove)
  for await (const message of messages) {
    if (isQuiet || globals.progress === 'quiet') continue
    if (globals.progress === 'json') stdout.write(`${JSON.stringify(message)}\n`)
    else lines.show(message)
  }
}
